/** Threads that are written and read while Redis is in trouble, and a count of what was read. */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import pg from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { TestThread, textOf } from './checkpoints.ts'
import { createDatabase, testSchema } from './database.ts'
import { eventually } from './eventually.ts'
import { newPrefix } from './tiers.ts'

/** How long reads took, in milliseconds. */
export class Times {
  readonly #all: number[] = []

  add(ms: number): void {
    this.#all.push(ms)
  }

  /** The time within which this share of the reads ended. */
  at(share: number): string {
    const sorted = this.#all.toSorted((a, b) => a - b)
    return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1)
  }

  get all(): string {
    return this.#all.map((ms) => ms.toFixed(0)).join(' ')
  }

  get size(): number {
    return this.#all.length
  }
}

/** A thread, and every state that it had. */
interface Subject {
  readonly thread: TestThread
  readonly states: Record<string, unknown>[]
  readonly ids: string[]
  /** Index of the last state whose put has been acknowledged. */
  acknowledged: number
}

export class Campaign {
  readonly pool: pg.Pool
  readonly prefix: string = newPrefix()
  readonly redis: string
  readonly times = new Times()
  readonly subjects: Subject[] = []
  reads = 0
  /** Reads whose values were never put so. */
  wrong = 0
  /** Reads of an older state than the last one whose put was acknowledged when the read began. */
  stale = 0
  /** Reads that rejected. */
  failed = 0
  firstProblem: string | undefined
  #seed = 0
  #writer: PgCheckpointer | undefined
  readonly #opened: PgCheckpointer[] = []

  private constructor(pool: pg.Pool, redis: string) {
    this.pool = pool
    this.redis = redis
  }

  /** @param redis where the checkpointers look for Redis; it may be a proxy */
  static async start(redis: string, threads = 6): Promise<Campaign> {
    const { url } = await createDatabase()
    const pool = new pg.Pool({ connectionString: url, max: 8 })
    pool.on('error', () => {}) // the database may be dropped before the last connection has ended
    const campaign = new Campaign(pool, redis)
    onTestFinished(() => campaign.#end())
    campaign.#writer = campaign.open()
    for (let i = 0; i < threads; i++) {
      campaign.subjects.push({ thread: new TestThread(campaign.#writer), states: [], ids: [], acknowledged: -1 })
      await campaign.write(i)
    }
    return campaign
  }

  /** A checkpointer as in a new process, which has not tried Redis. It keeps no parts itself, as that would hide Redis. */
  open(options: Partial<PgCheckpointerOptions> = {}): PgCheckpointer {
    const checkpointer = new PgCheckpointer({
      connection: this.pool,
      schema: testSchema,
      redis: this.redis,
      redisPrefix: this.prefix,
      cacheBytes: 0,
      ...options,
    })
    this.#opened.push(checkpointer)
    return checkpointer
  }

  /** Puts a new state, which shares most of its parts with the one before. @returns how long the put took, in ms */
  async write(index: number): Promise<number> {
    const subject = this.subjects[index % this.subjects.length] as Subject
    const { states } = subject
    const before = states.at(-1) as { messages: object[]; files: object } | undefined
    const seed = ++this.#seed
    const state = {
      messages: [
        ...(before?.messages ?? Array.from({ length: 11 }, (_, i) => messageOf(seed * 100 + i))),
        messageOf(seed),
      ].slice(-12),
      files: { ...before?.files, [`file ${seed % 3}`]: textOf(seed, 3000) },
      bytes: new TextEncoder().encode(textOf(seed, 2000)),
      step: seed,
    }
    const which = states.push(state) - 1
    const start = performance.now()
    subject.ids[which] = await subject.thread.put(state)
    const ms = performance.now() - start
    subject.acknowledged = Math.max(subject.acknowledged, which)
    return ms
  }

  /** Reads a thread, and compares. */
  async read(reader: PgCheckpointer, index: number): Promise<number> {
    const { thread, states, ids, acknowledged } = this.subjects[index % this.subjects.length] as Subject
    this.reads++
    const start = performance.now()
    try {
      const tuple = await reader.getTuple(thread.config())
      const ms = performance.now() - start
      this.times.add(ms)
      const found = tuple?.checkpoint.channel_values
      const step = Number(found?.['step'])
      const which = states.findIndex((state) => state['step'] === step)
      const problem =
        which < 0
          ? 'a state that was never put'
          : tuple?.checkpoint.id !== (ids[which] ?? tuple?.checkpoint.id)
            ? 'the id of another checkpoint'
            : isDeepStrictEqual(found, states[which])
              ? undefined
              : 'other values'
      if (problem !== undefined) this.#note('wrong', problem)
      else if (which < acknowledged) this.#note('stale', `state ${which} after ${acknowledged} was acknowledged`)
      return ms
    } catch (error) {
      this.#note('failed', String(error))
      return performance.now() - start
    }
  }

  /** Reads all threads in turn, several at a time, with a put after every 24 reads. */
  async readMany(reader: PgCheckpointer, count: number, { writes = true, atATime = 4 } = {}): Promise<void> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < count) {
        const index = next++
        if (writes && index % 25 === 24) await this.write(Math.floor(index / 25))
        await this.read(reader, index)
      }
    }
    await Promise.all(Array.from({ length: atATime }, lane))
  }

  /** Reads all threads until Redis has all of their parts. */
  async fill(reader: PgCheckpointer): Promise<void> {
    await eventually(
      async () => {
        const before = reader.stats().redis
        for (const index of this.subjects.keys()) await this.read(reader, index)
        const after = reader.stats().redis
        return after?.breaker === 'closed' && after.misses === before?.misses && after.hits > (before?.hits ?? 0)
      },
      'Redis had all parts',
      20_000,
    )
  }

  /** Puts until the process that writes uses Redis: on a machine under load its first puts may have opened its breaker. */
  async useRedisToWrite(): Promise<void> {
    await eventually(
      async () => (await this.write(0), this.#writer?.stats().redis?.breaker === 'closed'),
      'the process that writes used Redis',
    )
  }

  /** The keys of this campaign, for tests that tamper with them. */
  async keys(admin: Redis): Promise<string[]> {
    return (await admin.keys(`${this.prefix}:*`)).toSorted()
  }

  /** Median, 99 % and longest read of a checkpointer without Redis. */
  async alone(): Promise<Times> {
    const reader = this.open({ redis: undefined })
    const times = new Times()
    for (let i = 0; i < 60; i++) times.add(await this.read(reader, i))
    await reader.end()
    return times
  }

  /** The counts, for the report. */
  figures(): Record<string, number | string> {
    const { reads, wrong, stale, failed, times } = this
    return {
      reads,
      wrong,
      stale,
      failed,
      'median ms': times.at(0.5),
      '99 % ms': times.at(0.99),
      'longest ms': times.at(1),
    }
  }

  #note(kind: 'wrong' | 'stale' | 'failed', problem: string): void {
    this[kind]++
    this.firstProblem ??= `${kind}: ${problem}`
  }

  async #end(): Promise<void> {
    await Promise.all(this.#opened.map((checkpointer) => checkpointer.end()))
    await this.pool.end()
  }
}

function messageOf(seed: number): object {
  return {
    role: seed % 2 === 0 ? 'user' : 'assistant',
    content: textOf(seed, seed % 4 === 0 ? 300 : 1300),
    id: `m${seed}`,
  }
}
