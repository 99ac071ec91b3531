/**
 * Redis is out of reach or refuses commands: every read is compared with what was put. FAULT_REDIS_READS is the number of
 * reads here and in redis-lies.test.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { PgCheckpointer } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { Times } from '../support/redis-campaign.ts'
import {
  conclude,
  EACH,
  NO_PROBLEM,
  startServer,
  startTrouble,
  startTroubleWithProxy,
  whileDoing,
} from '../support/redis-trouble.ts'

const breakerOf = (reader: PgCheckpointer) => reader.stats().redis?.breaker

describe('reads and writes go on while Redis is', () => {
  test('stopped', async () => {
    const { server, campaign } = await startTrouble()
    const readers: PgCheckpointer[] = []
    const STOPS = 4
    for (let stop = 0; stop < STOPS; stop++) {
      const reader = campaign.open()
      readers.push(reader)
      await campaign.readMany(reader, EACH / STOPS / 2)
      process.kill(server.pid, 'SIGSTOP')
      await campaign.readMany(reader, EACH / STOPS / 2)
      process.kill(server.pid, 'SIGCONT')
    }
    expect(conclude('Redis stopped (SIGSTOP)', campaign, readers, { stops: STOPS })).toEqual(NO_PROBLEM)
  })

  test('killed', async () => {
    const { server, campaign } = await startTrouble()
    const reader = campaign.open()
    await campaign.fill(reader)
    const work = campaign.readMany(reader, EACH)
    await sleep(20)
    process.kill(server.pid, 'SIGKILL')
    await work
    const later = campaign.open() // opened when Redis was gone already
    await campaign.readMany(later, EACH / 4)
    expect(conclude('Redis killed (SIGKILL)', campaign, [reader, later])).toEqual(NO_PROBLEM)
  })

  test('restarted empty, again and again', async () => {
    let { server, campaign } = await startTrouble()
    const readers: PgCheckpointer[] = []
    const RESTARTS = 5
    for (let restart = 0; restart < RESTARTS; restart++) {
      const reader = campaign.open()
      readers.push(reader)
      await campaign.fill(reader)
      const work = campaign.readMany(reader, EACH / RESTARTS)
      await sleep(5)
      await server.stop()
      server = await startServer(server.port)
      await work
    }
    expect(conclude('Redis killed and restarted', campaign, readers, { restarts: RESTARTS })).toEqual(NO_PROBLEM)
  })

  test('restarted, and it is asked again by a process that has not restarted', async () => {
    const { server, campaign } = await startTrouble()
    const reader = campaign.open()
    await campaign.fill(reader)
    await server.stop()
    await campaign.readMany(reader, 30)
    expect(breakerOf(reader)).not.toBe('closed')
    await startServer(server.port)
    const began = performance.now()
    await eventually(
      async () => (await campaign.read(reader, 0), breakerOf(reader) === 'closed'),
      'the breaker closed',
      20_000,
    )
    const afterMs = Math.round(performance.now() - began)
    await campaign.fill(reader)
    expect(conclude('Redis back after a restart', campaign, [reader], { 'asked again after ms': afterMs })).toEqual(
      NO_PROBLEM,
    )
  })

  test('unreachable without an end of its connections, and back again', async () => {
    const { proxy, campaign } = await startTroubleWithProxy()
    const reader = campaign.open()
    await campaign.fill(reader)
    proxy.blackHole()
    await campaign.readMany(reader, EACH)
    const connections = proxy.accepted
    proxy.heal()
    await eventually(
      async () => (await campaign.read(reader, 0), breakerOf(reader) === 'closed'),
      'the breaker closed',
      20_000,
    )
    expect(conclude('Redis gone without a word', campaign, [reader], { connections })).toEqual(NO_PROBLEM)
  })

  test('out of reach behind a client of the caller with its default options', async () => {
    const { server, campaign } = await startTrouble()
    const client = new Redis(server.url) // keeps commands for minutes while Redis is away
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    const reader = campaign.open({ redis: client })
    await campaign.fill(reader)
    process.kill(server.pid, 'SIGSTOP')
    await campaign.readMany(reader, EACH / 2)
    process.kill(server.pid, 'SIGKILL')
    await campaign.readMany(reader, EACH / 2)
    expect(conclude('Redis stopped, killed; client with its defaults', campaign, [reader])).toEqual(NO_PROBLEM)
  })

  test('silent, which costs 50 ms per read until the breaker opens and nothing after that', async () => {
    const { proxy, campaign } = await startTroubleWithProxy()
    const alone = await campaign.alone()
    await campaign.useRedisToWrite()
    const reader = campaign.open()
    await campaign.fill(reader)
    const errors = () => reader.stats().redis?.errors ?? 0
    const known = { commands: proxy.commands, errors: errors() }
    proxy.mode = 'silent'
    const before = new Times()
    let opening = 0
    while (breakerOf(reader) === 'closed' && before.size < 20) {
      opening = performance.now() // the breaker opens during the last of these reads, or during the wait below
      before.add(await campaign.read(reader, before.size))
    }
    // Each command of before has reached the proxy and has failed, so that none of them is counted for one of after.
    await eventually(
      () => Promise.resolve(proxy.commands - known.commands === errors() - known.errors),
      'all commands that were sent had failed',
    )
    const { commands } = proxy
    const after = new Times()
    while (after.size < 100) after.add(await campaign.read(reader, after.size))
    const sent = proxy.commands - commands
    const pauses = pausesEndedIn(performance.now() - opening)
    const puts = new Times()
    for (let i = 0; i < 10; i++) puts.add(await campaign.write(i)) // by a process whose breaker is still closed
    await eventually(() => Promise.resolve(proxy.commands > commands + sent), 'a put had offered its parts')
    const figures = {
      'Postgres alone, median ms': alone.at(0.5),
      '99 %': alone.at(0.99),
      'until the breaker opened, ms': before.all,
      'after it, median ms': after.at(0.5),
      '99 % ': after.at(0.99),
      'commands sent after it': sent,
      'puts before it, median ms': puts.at(0.5),
      'longest ': puts.at(1),
    }
    expect(conclude('What a silent Redis costs', campaign, [reader], figures)).toEqual(NO_PROBLEM)
    expect(before.size).toBeLessThanOrEqual(5)
    expect(sent).toBeLessThanOrEqual(pauses) // none, unless the machine stood still for the breaker's first second
  })
})

/** How many pauses of an open breaker end in this time at most: each is followed by one probe. They last 1 s, 2 s, 4 s … */
function pausesEndedIn(ms: number): number {
  let ended = 0
  for (let pauseMs = 1000, endMs = pauseMs; endMs <= ms; pauseMs *= 2, endMs += pauseMs) ended++
  return ended
}

describe('reads and writes go on with a Redis that is', () => {
  test('flushed', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    const flushes = await whileDoing(campaign.readMany(reader, EACH), 5, () => admin.flushall())
    expect(conclude('Redis flushed', campaign, [reader], { flushes })).toEqual(NO_PROBLEM)
  })

  test('out of memory', async () => {
    const { admin, campaign } = await startTrouble()
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    const reader = campaign.open()
    let isFull = false
    const changes = await whileDoing(campaign.readMany(reader, EACH), 20, async () => {
      isFull = !isFull
      await admin.config('SET', 'maxmemory', isFull ? '1' : '0')
      await admin.flushall() // so that there are parts to put into it while it is full, too
    })
    const refusals = Number(/errorstat_OOM:count=(\d+)/.exec(await admin.info('errorstats'))?.[1])
    expect(conclude('Redis out of memory', campaign, [reader], { times: Math.ceil(changes / 2), refusals })).toEqual(
      NO_PROBLEM,
    )
    expect(refusals).toBeGreaterThan(0)
  })

  test('evicting', async () => {
    const { admin, campaign } = await startTrouble()
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1])
    await admin.config('SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', String(used + 20_000))
    const reader = campaign.open()
    await campaign.readMany(reader, EACH)
    const evicted = Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1])
    expect(conclude('Redis evicting', campaign, [reader], { evicted })).toEqual(NO_PROBLEM)
    expect(evicted).toBeGreaterThan(0)
  })

  test('read-only', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    let isReplica = false
    const changes = await whileDoing(campaign.readMany(reader, EACH), 20, async () => {
      isReplica = !isReplica
      if (isReplica) await admin.replicaof('127.0.0.1', '1')
      else await admin.replicaof('NO', 'ONE').then(() => admin.flushall())
    })
    const refusals = Number(/errorstat_READONLY:count=(\d+)/.exec(await admin.info('errorstats'))?.[1])
    expect(conclude('Redis READONLY', campaign, [reader], { times: Math.ceil(changes / 2), refusals })).toEqual(
      NO_PROBLEM,
    )
    expect(refusals).toBeGreaterThan(0)
  })

  test.each<[string, (admin: Redis) => Promise<unknown>]>([
    [
      'MASTERDOWN',
      (admin) => admin.config('SET', 'replica-serve-stale-data', 'no').then(() => admin.replicaof('127.0.0.1', '1')),
    ],
    ['NOPERM', (admin) => admin.call('ACL', 'SETUSER', 'default', '-mget', '-set')],
  ])('refusing all commands (%s)', async (error, refuse) => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    await campaign.fill(reader)
    await refuse(admin)
    await campaign.readMany(reader, EACH / 2)
    expect(conclude(`Redis ${error}`, campaign, [reader])).toEqual(NO_PROBLEM)
    expect(breakerOf(reader)).not.toBe('closed')
  })
})
