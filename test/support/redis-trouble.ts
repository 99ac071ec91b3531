import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { PgCheckpointer } from '../../src/index.ts'
import { report } from './figures.ts'
import { timesOf } from './times.ts'
import { Campaign } from './redis-campaign.ts'
import { startRedisProxy, type RedisProxy } from './redis-proxy.ts'
import { startRedis, type RedisServer } from './redis.ts'

/** Reads of all tests of Redis in trouble together. From 20,000 on, each byte of each cached value is changed. */
export const READS: number = timesOf('FAULT_REDIS_READS', 1000)
/** Reads of one test. */
export const EACH: number = Math.ceil(READS / 22)

/** What `conclude` returns where nothing was wrong. */
export const NO_PROBLEM = { wrong: 0, stale: 0, failed: 0, first: undefined }

export interface Trouble {
  readonly server: RedisServer
  /** A connection for the commands of the test itself. */
  readonly admin: Redis
  readonly campaign: Campaign
}

/** A Redis, and threads that are in Postgres and in it. All is stopped at the end of the test. */
export async function startTrouble(threads?: number): Promise<Trouble> {
  const server = await startServer()
  return { server, admin: adminOf(server), campaign: await Campaign.start(server.url, threads) }
}

/** The same, with a proxy in front of Redis. */
export async function startTroubleWithProxy(): Promise<Trouble & { readonly proxy: RedisProxy }> {
  const server = await startServer()
  const proxy = await startRedisProxy(server.url)
  onTestFinished(() => proxy.stop())
  return { server, proxy, admin: adminOf(server), campaign: await Campaign.start(proxy.url) }
}

/** @param port of a server that was stopped, which this one replaces */
export async function startServer(port?: number): Promise<RedisServer> {
  const server = await startRedis(port === undefined ? {} : { port })
  onTestFinished(() => server.stop())
  return server
}

function adminOf(server: RedisServer): Redis {
  const admin = new Redis(server.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {})
  onTestFinished(() => admin.disconnect())
  return admin
}

/** Reports the figures of a test. @returns the problems, if any */
export function conclude(
  what: string,
  campaign: Campaign,
  readers: readonly PgCheckpointer[],
  more: Readonly<Record<string, number | string>> = {},
): typeof NO_PROBLEM | Record<string, unknown> {
  const sum = { hits: 0, misses: 0, rejected: 0, errors: 0 }
  for (const reader of readers) {
    const stats = reader.stats().redis
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += stats?.[key] ?? 0
  }
  report(what, { ...more, ...campaign.figures(), ...sum })
  const { wrong, stale, failed, firstProblem: first } = campaign
  return { wrong, stale, failed, first }
}

/** Does `fault` again and again while `work` goes on. @returns how often */
export async function whileDoing(
  work: Promise<unknown>,
  pauseMs: number,
  fault: () => Promise<unknown>,
): Promise<number> {
  const state = { isOver: false }
  let times = 0
  const faults = (async () => {
    while (!state.isOver) {
      await fault()
      times++
      await sleep(pauseMs)
    }
  })()
  await work.finally(() => (state.isOver = true))
  await faults
  return times
}
