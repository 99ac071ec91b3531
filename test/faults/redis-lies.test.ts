/**
 * Redis holds or returns other values than were put there: every read is compared with what was put. FAULT_REDIS_READS is
 * the number of reads here and in redis-outage.test.ts. The tests without verification show that wrong values are noticed.
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Part } from '../../src/codec/part.ts'
import type { PgCheckpointer } from '../../src/index.ts'
import { report } from '../support/figures.ts'
import type { Campaign } from '../support/redis-campaign.ts'
import type { RedisProxy, RedisProxyMode } from '../support/redis-proxy.ts'
import { conclude, EACH, NO_PROBLEM, READS, startTrouble, startTroubleWithProxy } from '../support/redis-trouble.ts'

/** Changes one bit of one cached value at a time, byte after byte, and reads the thread after each change. */
async function flip(campaign: Campaign, admin: Redis, reader: PgCheckpointer, most: number) {
  await campaign.fill(reader)
  const bodies = new Map<string, Buffer>()
  for (const key of await campaign.keys(admin)) bodies.set(key, (await admin.getBuffer(key)) as Buffer)
  const bytes = [...bodies.values()].reduce((sum, body) => sum + body.length, 0)
  const step = Math.max(1, Math.floor(bytes / most))
  let [at, flips] = [0, 0]
  for (const [key, body] of bodies) {
    for (let i = 0; i < body.length; i++, at++) {
      if (at % step !== 0) continue
      const changed = Buffer.from(body)
      changed[i] = (changed[i] as number) ^ (1 << (at % 8))
      await admin.set(key, changed)
      await campaign.read(reader, 0)
      await admin.set(key, body)
      flips++
    }
  }
  return { flips, bytes }
}

/** Sets each key to the value of another key of its kind, of the same thread or of any thread. */
async function swap(campaign: Campaign, admin: Redis, isWithinThread: boolean): Promise<number> {
  const partOf = (key: string) => key.slice(isWithinThread ? 0 : key.lastIndexOf(':'), key.lastIndexOf(':') + 2)
  let swapped = 0
  for (const keys of groupBy(await campaign.keys(admin), partOf).values()) {
    const bodies = await admin.mgetBuffer(keys)
    for (const [i, key] of keys.entries()) {
      const other = bodies[(i + 1) % keys.length]
      if (other != null) await admin.set(key, other)
      swapped++
    }
  }
  return swapped
}

const GARBLERS: readonly ((body: Buffer) => Buffer)[] = [
  () => Buffer.alloc(0),
  (body) => body.subarray(0, body.length - 1),
  (body) => body.subarray(0, body.length / 2),
  (body) => Buffer.concat([body, body]),
  (body) => Buffer.concat([body, Buffer.from(' ')]),
  (body) => randomBytes(body.length),
  () => randomBytes(2_000_000),
  () => Buffer.from('{"is":["forged"]}'),
  () => Buffer.from('null'),
  () =>
    Buffer.from(
      '{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":"forged"}}',
    ),
  () => Buffer.from('["v0000000000000000000000"]'),
]

/** Garbles one value of each thread: with many values of two megabytes, a reply would take longer than a read waits. */
async function garble(campaign: Campaign, admin: Redis, round: number): Promise<number> {
  const threads = groupBy(await campaign.keys(admin), (key) => key.slice(0, key.lastIndexOf(':')))
  for (const [n, keys] of [...threads.values()].entries()) {
    const key = keys[(n + round) % keys.length] as string
    const body = await admin.getBuffer(key)
    if (body !== null)
      await admin.set(key, (GARBLERS[(n + round) % GARBLERS.length] as (typeof GARBLERS)[number])(body))
  }
  return threads.size
}

/** Reads while the proxy tampers with replies; with a new reader now and then, as its breaker may have opened. */
async function tamper(campaign: Campaign, proxy: RedisProxy, mode: RedisProxyMode, count: number) {
  const readers: PgCheckpointer[] = []
  const before = proxy.tampered
  for (let left = count; left > 0; left -= 40) {
    const reader = campaign.open()
    readers.push(reader)
    proxy.mode = 'pass'
    await campaign.fill(reader)
    proxy.mode = mode
    await campaign.readMany(reader, Math.min(left, 40))
  }
  proxy.mode = 'pass'
  return { readers, replies: proxy.tampered - before }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

const rejectedBy = (reader: PgCheckpointer) => reader.stats().redis?.rejected ?? 0

describe('reads are right in spite of', () => {
  test('values of other types', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    const makers = [
      (key: string) => admin.rpush(key, 'a'),
      (key: string) => admin.hset(key, 'a', 'b'),
      (key: string) => admin.sadd(key, 'a'),
      (key: string) => admin.zadd(key, 1, 'a'),
      (key: string) => admin.xadd(key, '*', 'a', 'b'),
    ]
    let values = 0
    while (campaign.reads < EACH) {
      await campaign.fill(reader)
      for (const key of await campaign.keys(admin)) {
        await admin.del(key)
        await makers[values++ % makers.length]?.(key)
      }
      await campaign.readMany(reader, 30)
      await admin.flushall()
    }
    expect(conclude('values of other types', campaign, [reader], { values })).toEqual(NO_PROBLEM)
  })

  test('one changed byte in any cached value', async () => {
    const { admin, campaign } = await startTrouble(1)
    const reader = campaign.open({ redisTimeoutMs: 1000 })
    const { flips, bytes } = await flip(campaign, admin, reader, READS < 20_000 ? READS / 5 : Number.POSITIVE_INFINITY)
    expect(conclude('one byte flipped', campaign, [reader], { flips, 'of bytes': bytes })).toEqual(NO_PROBLEM)
    expect(rejectedBy(reader)).toBe(flips)
  })

  test.each([
    ['keys of a thread', true],
    ['threads', false],
  ])('values swapped between %s', async (what, isWithinThread) => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    let values = 0
    while (campaign.reads < EACH) {
      await campaign.fill(reader)
      values += await swap(campaign, admin, isWithinThread)
      await campaign.readMany(reader, 20, { writes: false })
      await campaign.write(values)
    }
    expect(conclude(`values swapped between ${what}`, campaign, [reader], { values })).toEqual(NO_PROBLEM)
    expect(rejectedBy(reader)).toBeGreaterThan(0)
  })

  test('values that are cut, emptied, doubled, random, huge or forged', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    let values = 0
    for (let round = 0; campaign.reads < EACH; round++) {
      await campaign.fill(reader)
      values += await garble(campaign, admin, round)
      await campaign.readMany(reader, 20, { writes: false })
      await admin.flushall() // huge values stay misses until they expire
      await campaign.write(round)
    }
    expect(conclude('values garbled', campaign, [reader], { values })).toEqual(NO_PROBLEM)
    expect(rejectedBy(reader)).toBeGreaterThan(0)
  })

  test.each<[RedisProxyMode, string]>([
    ['rotate', "values in each other's places"],
    ['late', 'replies to the MGET before'],
    ['cross', 'replies to other connections'],
    ['ok', 'replies to other commands'],
    ['slow', 'replies that take 40 ms'],
    ['trickle', 'replies in small pieces'],
    ['cut', 'replies cut short'],
    ['swallow', 'replies that never come'],
  ])('replies to other commands (%s)', async (mode, what) => {
    const { proxy, campaign } = await startTroubleWithProxy()
    proxy.delayMs = 40
    const { readers, replies } = await tamper(campaign, proxy, mode, EACH)
    expect(conclude(what, campaign, readers, { replies })).toEqual(NO_PROBLEM)
    expect(replies).toBeGreaterThan(0)
  })
})

describe('without verification, these tests notice', () => {
  /** Takes the verification out of the Redis tier. What comes from Postgres is right. */
  beforeEach(() => {
    const verified = Part.verified.bind(Part)
    type Constructor = new (name: string, body: string | Uint8Array) => Part
    Part.verified = (name, body) => new (Part as unknown as Constructor)(name, body)
    onTestFinished(() => void (Part.verified = verified))
  })

  const seen = (what: string, campaign: Campaign): number => {
    report(`WITHOUT VERIFICATION: ${what}`, campaign.figures())
    return campaign.wrong
  }

  test('changed bytes', async () => {
    const { admin, campaign } = await startTrouble(1)
    await flip(campaign, admin, campaign.open(), 100)
    expect(seen('one byte flipped', campaign)).toBeGreaterThan(0)
  })

  test('swapped values', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    for (const isWithinThread of [true, false]) {
      await campaign.fill(reader)
      await swap(campaign, admin, isWithinThread)
      await campaign.readMany(reader, 30, { writes: false })
      await admin.flushall()
    }
    expect(seen('values swapped', campaign)).toBeGreaterThan(0)
  })

  test('garbled values', async () => {
    const { admin, campaign } = await startTrouble()
    const reader = campaign.open()
    for (let round = 0; round < 12; round++) {
      await campaign.fill(reader)
      await garble(campaign, admin, round)
      await campaign.readMany(reader, 12, { writes: false })
      await admin.flushall()
    }
    expect(seen('values garbled', campaign)).toBeGreaterThan(0)
  })

  test.each<RedisProxyMode>(['rotate', 'late', 'cross'])('replies to other commands (%s)', async (mode) => {
    const { proxy, campaign } = await startTroubleWithProxy()
    for (let round = 0; round < 10 && (round === 0 || campaign.wrong === 0); round++)
      await tamper(campaign, proxy, mode, 120)
    expect(seen(`replies, ${mode}`, campaign)).toBeGreaterThan(0)
  })
})
