/**
 * Redis in trouble: every read is compared with what was put. `npm run test:faults` makes 20,000 reads of it,
 * FAULT_REDIS_READS says how many.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Part } from '../../src/codec/part.ts'
import type { PgCheckpointer } from '../../src/index.ts'
import { Campaign } from '../support/redis-campaign.ts'
import { startRedisProxy, type RedisProxyMode } from '../support/redis-proxy.ts'
import { startRedis } from '../support/redis.ts'
import { eventually } from '../support/tiers.ts'

/** Over all tests of this file, those of the tests themselves left out. */
const READS = Number(process.env['FAULT_REDIS_READS'] ?? 1000)
const TESTS = 22
const EACH = Math.ceil(READS / TESTS)

let reads = 0
let tampered = 0
const unverified = { reads: 0, wrong: 0 }

afterAll(() => {
  console.log(`Redis in trouble, all together: ${reads} reads, 0 wrong, 0 stale; ${tampered} values were not what their names say`)
  console.log(`WITHOUT VERIFICATION: ${unverified.reads} reads, ${unverified.wrong} wrong`)
})

async function start({ proxied = false, threads = 6 } = {}) {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const proxy = proxied ? await startRedisProxy(server.url) : undefined
  if (proxy !== undefined) onTestFinished(() => proxy.stop())
  const admin = new Redis(server.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {})
  onTestFinished(() => admin.disconnect())
  const campaign = await Campaign.start(proxy?.url ?? server.url, threads)
  return { server, proxy, admin, campaign }
}

/** Says what was seen, and holds it against what is promised. */
function conclude(campaign: Campaign, what: string, readers: readonly PgCheckpointer[], details = ''): void {
  const sum = { hits: 0, misses: 0, errors: 0, rejected: 0, fills: 0, fillsDropped: 0 }
  for (const reader of readers) {
    const stats = reader.stats().redis
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += stats?.[key] ?? 0
  }
  const figures = `${details && `${details}; `}parts: ${sum.hits} hits, ${sum.misses} misses, ${sum.rejected} rejected; ${sum.errors} errors`
  console.log(campaign.summary(what, figures))
  expect([campaign.wrong, campaign.stale, campaign.failed], campaign.firstProblem).toEqual([0, 0, 0])
  reads += campaign.reads
  tampered += sum.rejected
}

/** While `work` goes on, does `fault` again and again. @returns how often */
async function whileDoing(work: Promise<unknown>, pauseMs: number, fault: () => Promise<unknown>): Promise<number> {
  let isOver = false
  let times = 0
  const faults = (async () => {
    while (!isOver) {
      await fault()
      times++
      await sleep(pauseMs)
    }
  })()
  await work.finally(() => (isOver = true))
  await faults
  return times
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

describe('out of reach', () => {
  test('stopped', async () => {
    const { server, campaign } = await start()
    const readers: PgCheckpointer[] = []
    for (let cycle = 0; cycle < 4; cycle++) {
      const reader = campaign.open()
      readers.push(reader)
      await campaign.readMany(reader, EACH / 8)
      process.kill(server.pid, 'SIGSTOP')
      await campaign.readMany(reader, EACH / 8)
      process.kill(server.pid, 'SIGCONT')
    }
    conclude(campaign, 'Redis stopped (SIGSTOP)', readers, '4 times')
  })

  test('killed', async () => {
    const { server, campaign } = await start()
    const reader = campaign.open()
    await campaign.fill(reader)
    const work = campaign.readMany(reader, EACH)
    await sleep(20)
    process.kill(server.pid, 'SIGKILL')
    await work
    const later = campaign.open() // never saw it alive
    await campaign.readMany(later, EACH / 4)
    conclude(campaign, 'Redis killed', [reader, later])
  })

  test('restarted, empty, again and again', async () => {
    let { server, campaign } = await start()
    const { port } = server
    const readers: PgCheckpointer[] = []
    const CYCLES = 5
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const reader = campaign.open()
      readers.push(reader)
      await campaign.fill(reader)
      const work = campaign.readMany(reader, EACH / CYCLES)
      await sleep(5)
      await server.stop()
      server = await startRedis({ port })
      await work
    }
    onTestFinished(() => server.stop())
    conclude(campaign, 'Redis killed and restarted', readers, `${CYCLES} times`)
  })

  test('usable again after a restart, by the same process', async () => {
    let { server, campaign } = await start()
    const { port } = server
    const reader = campaign.open()
    await campaign.fill(reader)
    await server.stop()
    await campaign.readMany(reader, 30)
    expect(reader.stats().redis?.breaker).not.toBe('closed')
    server = await startRedis({ port })
    onTestFinished(() => server.stop())
    const start0 = performance.now()
    await eventually(async () => (await campaign.read(reader, 0), reader.stats().redis?.breaker === 'closed'), 'the breaker closed', 20_000)
    const ms = performance.now() - start0
    await campaign.fill(reader)
    conclude(campaign, 'Redis restarted', [reader], `asked again after ${Math.round(ms)} ms`)
  })

  test('gone without a word, so that no connection ends', async () => {
    const { proxy, campaign } = await start({ proxied: true })
    const reader = campaign.open()
    await campaign.fill(reader)
    proxy?.blackHole()
    await campaign.readMany(reader, EACH)
    const connections = proxy?.accepted ?? 0
    proxy?.heal()
    await eventually(async () => (await campaign.read(reader, 0), reader.stats().redis?.breaker === 'closed'), 'the breaker closed', 20_000)
    conclude(campaign, 'Redis gone without a word', [reader], `${connections} connections tried`)
  })

  test('with a client of yours and its default options', async () => {
    const { server, campaign } = await start()
    const client = new Redis(server.url) // keeps commands for a Redis that is away, for minutes
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    const reader = campaign.open({ redis: client })
    await campaign.fill(reader)
    process.kill(server.pid, 'SIGSTOP')
    await campaign.readMany(reader, EACH / 2)
    process.kill(server.pid, 'SIGKILL')
    await campaign.readMany(reader, EACH / 2)
    conclude(campaign, 'Redis stopped, then killed, behind a client with default options', [reader])
  })

  test('costs 50 ms a read until the breaker opens, and nothing after', async () => {
    const { proxy, campaign } = await start({ proxied: true })
    const alone = await campaign.alone()
    const reader = campaign.open()
    await campaign.fill(reader)
    proxy?.blackHole()
    const before: number[] = []
    while (reader.stats().redis?.breaker === 'closed' && before.length < 20) before.push(await campaign.read(reader, before.length))
    const opened = performance.now()
    const commands = proxy?.commands
    const after: number[] = []
    while (performance.now() - opened < 900) after.push(await campaign.read(reader, after.length))
    const sent = (proxy?.commands ?? 0) - (commands ?? 0)
    const median = after.toSorted((a, b) => a - b)[Math.floor(after.length / 2)] ?? 0
    conclude(campaign, 'Redis gone without a word, one read at a time', [reader],
      `Postgres alone: ${alone}; until the breaker opened: ${before.map((ms) => ms.toFixed(0)).join(', ')} ms; ` +
      `the ${after.length} after: median ${median.toFixed(1)} ms, ${sent} commands sent`)
    expect(before.length).toBeLessThanOrEqual(5)
    expect(after.length).toBeGreaterThan(10)
    expect(sent).toBe(0)
  })
})

describe('unwilling', () => {
  test('flushed', async () => {
    const { admin, campaign } = await start()
    const reader = campaign.open()
    const flushes = await whileDoing(campaign.readMany(reader, EACH), 5, () => admin.flushall())
    conclude(campaign, 'Redis flushed', [reader], `${flushes} times`)
  })

  test('out of memory', async () => {
    const { admin, campaign } = await start()
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    const reader = campaign.open()
    let isFull = false
    const times = await whileDoing(campaign.readMany(reader, EACH), 20, async () => {
      isFull = !isFull
      if (!isFull) await admin.flushall()
      await admin.config('SET', 'maxmemory', isFull ? '1' : '0')
    })
    conclude(campaign, 'Redis out of memory', [reader], `${Math.ceil(times / 2)} times`)
  })

  test('evicting', async () => {
    const { admin, campaign } = await start()
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1])
    await admin.config('SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', String(used + 20_000))
    const reader = campaign.open()
    await campaign.readMany(reader, EACH)
    const evicted = /evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1]
    conclude(campaign, 'Redis evicting', [reader], `${evicted} keys`)
  })

  test('a replica that may only be read', async () => {
    const { admin, campaign } = await start()
    const reader = campaign.open()
    let isReplica = false
    const times = await whileDoing(campaign.readMany(reader, EACH), 20, async () => {
      isReplica = !isReplica
      if (!isReplica) await admin.replicaof('NO', 'ONE')
      else await admin.replicaof('127.0.0.1', '1')
      if (!isReplica) await admin.flushall()
    })
    conclude(campaign, 'Redis READONLY', [reader], `${Math.ceil(times / 2)} times`)
  })

  test('a replica that refuses to be read, and a user who may not', async () => {
    const { admin, campaign } = await start()
    const readers: PgCheckpointer[] = []
    for (const refuse of [
      () => admin.config('SET', 'replica-serve-stale-data', 'no').then(() => admin.replicaof('127.0.0.1', '1')),
      () => admin.replicaof('NO', 'ONE').then(() => admin.call('ACL', 'SETUSER', 'default', '-mget', '-set')),
    ]) {
      const reader = campaign.open()
      readers.push(reader)
      await campaign.fill(reader)
      await refuse()
      await campaign.readMany(reader, EACH / 2)
    }
    conclude(campaign, 'Redis MASTERDOWN and NOPERM', readers)
  })
})

describe('wrong', () => {
  test('types', async () => {
    const { admin, campaign } = await start()
    const reader = campaign.open()
    const makers = [
      (key: string) => admin.rpush(key, 'a'),
      (key: string) => admin.hset(key, 'a', 'b'),
      (key: string) => admin.sadd(key, 'a'),
      (key: string) => admin.zadd(key, 1, 'a'),
      (key: string) => admin.xadd(key, '*', 'a', 'b'),
    ]
    let changed = 0
    while (campaign.reads < EACH) {
      await campaign.fill(reader)
      for (const [i, key] of (await campaign.keys(admin)).entries()) {
        await admin.del(key)
        await makers[i % makers.length]?.(key)
        changed++
      }
      await campaign.readMany(reader, 30)
      await admin.flushall()
    }
    conclude(campaign, 'values of wrong types', [reader], `${changed} keys`)
  })

  /** Changes one byte of one cached value at a time, and reads the thread. */
  const flip = async (campaign: Campaign, admin: Redis, reader: PgCheckpointer, most: number) => {
    await campaign.fill(reader)
    const bodies = new Map<string, Buffer>()
    for (const key of await campaign.keys(admin)) bodies.set(key, (await admin.getBuffer(key)) as Buffer)
    const total = [...bodies.values()].reduce((sum, body) => sum + body.length, 0)
    const step = Math.max(1, Math.floor(total / most)) // 1 from 20,000 reads on
    let [at, flips] = [0, 0]
    for (const [key, body] of bodies) {
      for (let i = 0; i < body.length; i++, at++) {
        if (at % step !== 0) continue
        const changed = Buffer.from(body)
        changed[i] = (changed[i] as number) ^ (1 << at % 8)
        await admin.set(key, changed)
        await campaign.read(reader, 0)
        await admin.set(key, body)
        flips++
      }
    }
    return { flips, total }
  }

  test('bytes: each byte of each cached value, one at a time', async () => {
    const { admin, campaign } = await start({ threads: 1 })
    const reader = campaign.open()
    const before = campaign.reads
    const { flips, total } = await flip(campaign, admin, reader, READS < 20_000 ? READS / 5 : Number.POSITIVE_INFINITY)
    conclude(campaign, 'one byte flipped', [reader], `${flips} of ${total} bytes, ${campaign.reads - before} reads`)
    const { rejected = 0, errors = 0 } = reader.stats().redis ?? {}
    expect(rejected + errors).toBeGreaterThanOrEqual(flips) // a reply that came too late was not looked at
    expect(rejected).toBeGreaterThan(0.9 * flips)
  })

  /** Gives each key the value of another one of its kind, of the same thread or of any. */
  const swap = async (campaign: Campaign, admin: Redis, isWithinThread: boolean) => {
    const groups = groupBy(await campaign.keys(admin), (key) => key.slice(isWithinThread ? 0 : key.lastIndexOf(':'), key.lastIndexOf(':') + 2))
    let swapped = 0
    for (const keys of groups.values()) {
      const bodies = await admin.mgetBuffer(keys)
      for (const [i, key] of keys.entries()) {
        const other = bodies[(i + 1) % keys.length]
        if (other != null) await admin.set(key, other)
        swapped++
      }
    }
    return swapped
  }

  test.each([['keys of a thread', true], ['threads', false]])('values: swapped between %s', async (what, isWithinThread) => {
    const { admin, campaign } = await start()
    const reader = campaign.open()
    let swapped = 0
    while (campaign.reads < EACH) {
      await campaign.fill(reader)
      swapped += await swap(campaign, admin, isWithinThread)
      await campaign.readMany(reader, 20, { writes: false })
      await campaign.write(swapped)
    }
    conclude(campaign, `values swapped between ${what}`, [reader], `${swapped} values`)
    expect(reader.stats().redis?.rejected).toBeGreaterThan(0)
  })

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
    () => Buffer.from('{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":"forged"}}'),
    () => Buffer.from('["v0000000000000000000000"]'),
  ]

  const garble = async (campaign: Campaign, admin: Redis, from: number) => {
    const threads = groupBy(await campaign.keys(admin), (key) => key.slice(0, key.lastIndexOf(':')))
    // One of each thread: two megabytes in many would take longer than a read waits.
    for (const [n, keys] of [...threads.values()].entries()) {
      const key = keys[(n + from) % keys.length] as string
      const body = await admin.getBuffer(key)
      const garbler = GARBLERS[(n + from) % GARBLERS.length] as (typeof GARBLERS)[number]
      if (body !== null) await admin.set(key, garbler(body))
    }
    return threads.size
  }

  test('values: cut, empty, doubled, random, huge, forged', async () => {
    const { admin, campaign } = await start()
    const reader = campaign.open()
    let garbled = 0
    for (let round = 0; campaign.reads < EACH; round++) {
      await campaign.fill(reader)
      garbled += await garble(campaign, admin, round)
      await campaign.readMany(reader, 20, { writes: false })
      await admin.flushall() // the huge stay misses until their time is over
      await campaign.write(round)
    }
    conclude(campaign, 'values garbled', [reader], `${garbled} values`)
    expect(reader.stats().redis?.rejected).toBeGreaterThan(0)
  })

  const tamper = async (campaign: Campaign, proxy: { mode: RedisProxyMode; readonly tampered: number } | undefined, mode: RedisProxyMode, count: number) => {
    const readers: PgCheckpointer[] = []
    const before = proxy?.tampered ?? 0
    // A new reader now and then, as its breaker may have opened.
    for (let left = count; left > 0; left -= 40) {
      const reader = campaign.open()
      readers.push(reader)
      if (proxy !== undefined) proxy.mode = 'pass'
      await campaign.fill(reader)
      if (proxy !== undefined) proxy.mode = mode
      await campaign.readMany(reader, Math.min(left, 40))
    }
    if (proxy !== undefined) proxy.mode = 'pass'
    return { readers, replies: (proxy?.tampered ?? 0) - before }
  }

  test.each<[RedisProxyMode, string]>([
    ['rotate', 'values in each other\'s places'],
    ['late', 'the replies to the MGET before'],
    ['cross', 'replies to other connections'],
    ['ok', 'replies to other commands'],
  ])('replies: %s', async (mode, what) => {
    const { proxy, campaign } = await start({ proxied: true })
    const { readers, replies } = await tamper(campaign, proxy, mode, EACH)
    conclude(campaign, what, readers, `${replies} replies`)
    expect(replies).toBeGreaterThan(0)
  })

  test('replies: late, in pieces, cut short, missing', async () => {
    const { proxy, campaign } = await start({ proxied: true })
    const all: PgCheckpointer[] = []
    let total = 0
    for (const mode of ['slow', 'trickle', 'cut', 'swallow'] as const) {
      if (proxy !== undefined) proxy.delayMs = 40
      const { readers, replies } = await tamper(campaign, proxy, mode, EACH / 4)
      all.push(...readers)
      total += replies
    }
    conclude(campaign, 'replies late, in pieces, cut short, missing', all, `${total} replies`)
  })

  describe('is noticed by these tests, if parts are not verified', () => {
    /** Takes the verification out of the Redis tier. What comes from Postgres is right. */
    beforeEach(() => {
      const { verified } = Part
      type Constructor = new (name: string, body: string | Uint8Array) => Part
      Part.verified = (name, body) => new (Part as unknown as Constructor)(name, body)
      onTestFinished(() => void (Part.verified = verified))
    })

    const tell = (campaign: Campaign, what: string): void => {
      console.log(campaign.summary(`WITHOUT VERIFICATION, ${what}`, 'this is a test of the tests'))
      expect(campaign.wrong).toBeGreaterThan(0)
      unverified.reads += campaign.reads
      unverified.wrong += campaign.wrong
    }

    test('one byte flipped', async () => {
      const { admin, campaign } = await start({ threads: 1 })
      await flip(campaign, admin, campaign.open(), 100)
      tell(campaign, 'one byte flipped')
    })

    test('values swapped', async () => {
      const { admin, campaign } = await start()
      const reader = campaign.open()
      for (const isWithinThread of [true, false]) {
        await campaign.fill(reader)
        await swap(campaign, admin, isWithinThread)
        await campaign.readMany(reader, 30, { writes: false })
        await admin.flushall()
      }
      tell(campaign, 'values swapped')
    })

    test('values garbled', async () => {
      const { admin, campaign } = await start()
      const reader = campaign.open()
      for (let round = 0; round < 12; round++) {
        await campaign.fill(reader)
        await garble(campaign, admin, round)
        await campaign.readMany(reader, 12, { writes: false })
        await admin.flushall()
      }
      tell(campaign, 'values garbled')
    })

    test.each<RedisProxyMode>(['rotate', 'late', 'cross'])('replies: %s', async (mode) => {
      const { proxy, campaign } = await start({ proxied: true })
      await tamper(campaign, proxy, mode, 200)
      tell(campaign, `replies: ${mode}`)
    })
  })
})
