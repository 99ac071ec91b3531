/**
 * What one call costs beside its bytes, without a clock: texts that are made again, bytes that are hashed, promises and timers, and
 * statements where many threads call at once. The bounds are what was counted when they were set, on Node 20. A commit that raises
 * one says why it is worth it; a commit that makes something cheaper lowers it.
 */
import { messageAt, messagesTo } from '../../bench/conversation.ts'
import { Wire } from '../../bench/wire.ts'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'
import { countsOf, leastCountsOf, type WorkCounts } from '../support/work-counts.ts'

let database: TestDatabase
let wire: Wire
let checkpointer: PgCheckpointer

beforeAll(async () => {
  database = await createDatabase()
  wire = new Wire(database.url)
  checkpointer = new PgCheckpointer({ connection: wire.pool, schema: testSchema })
  await checkpointer.setup()
  await wire.warmUp()
})

afterAll(async () => {
  await wire.end()
  await database.drop()
})

function isList(state: State): state is readonly unknown[] {
  return Array.isArray(state)
}

function expectAtMost(counts: WorkCounts, bounds: Partial<WorkCounts>): void {
  for (const [count, bound] of Object.entries(bounds) as [keyof WorkCounts, number][]) {
    expect(counts[count], `${count} of ${JSON.stringify(counts)}, at most ${bound}`).toBeLessThanOrEqual(bound)
  }
}

type State = readonly unknown[] | Readonly<Record<string, unknown>>
interface Shape {
  readonly make: () => State
  readonly more: () => unknown
  readonly bounds: Readonly<Record<'counter' | 'append' | 'read', readonly [stringified: number, hashedBytes: number]>>
}

/**
 * Each put makes five texts: header, metadata, the two channels' names and the counter; and it hashes a digest of header, manifest and
 * metadata. That is all of `counter`, in which the state is as it was, and the first of its two numbers would grow with the state
 * if members were made into text again. `append` has a member more: its text, and its part or the last group's.
 * `read` is `counter` in a state that was just read from the store. There, small neighbours are known by the text of their group
 * only, so they are made into text once, a run of them at a time; from then on they are known by themselves.
 */
const SHAPES: Readonly<Record<string, Shape>> = {
  'messages of 2,000 characters': {
    make: () => messagesTo(500, 2000),
    more: () => messageAt(500, 2000),
    bounds: { counter: [5, 636], append: [6, 2801], read: [6, 662] },
  },
  'messages of 600 characters': {
    make: () => messagesTo(500, 600),
    more: () => messageAt(500, 600),
    bounds: { counter: [5, 844], append: [7, 3246], read: [186, 844] },
  },
  'messages of 150 characters': {
    make: () => messagesTo(2000, 150),
    more: () => messageAt(2000, 150),
    bounds: { counter: [5, 428], append: [7, 5210], read: [217, 428] },
  },
  'documents of 0.9 KB': {
    make: () => Array.from({ length: 1000 }, (_, i) => ({ id: i, text: textOf(i, 860) })),
    more: () => ({ id: 1000, text: textOf(1000, 860) }),
    bounds: { counter: [5, 350], append: [6, 1260], read: [217, 376] },
  },
  // A vector is cut itself: what is not the five texts is lists of the items of vectors.
  'vectors of 256 numbers': {
    make: () => Array.from({ length: 200 }, (_none, i) => Array.from({ length: 256 }, (_, j) => i / (j + 1))),
    more: () => Array.from({ length: 256 }, (_, j) => 200 / (j + 1)),
    bounds: { counter: [21, 1415], append: [35, 6015], read: [396, 1530] },
  },
  // The name of each file.
  'files of 1.5 KB by path': {
    make: () => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`file ${i}`, textOf(i, 1500)])),
    more: () => textOf(300, 1500),
    bounds: { counter: [305, 420], append: [307, 1848], read: [307, 438] },
  },
  // The counters are grouped: with one more, the names and values of the last group are made into text.
  'counters by name': {
    make: () => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`counter ${i}`, i])),
    more: () => 1000,
    bounds: { counter: [5, 297], append: [36, 18097], read: [13, 297] },
  },
}

describe('a put makes into text, and hashes, only what is new', () => {
  test.for(Object.entries(SHAPES))('%s', async ([, { make, more, bounds }]) => {
    const thread = new TestThread(new InMemoryCheckpointer())
    const state = make()
    await thread.put({ state, counter: 0 })
    await thread.put({ state, counter: 1 })
    const put = async (what: keyof typeof bounds, values: Record<string, unknown>) => {
      const counts = await countsOf(() => thread.put(values))
      const [stringified, hashedBytes] = bounds[what]
      expectAtMost(counts, { stringified, hashedBytes })
    }
    await put('counter', { state, counter: 2 })
    const grown = isList(state) ? [...state, more()] : { ...state, more: more() }
    await put('append', { state: grown, counter: 2 })
    await put('read', { ...(await thread.values()), counter: 3 })
  })
})

/** The same on Postgres, warm: one statement a call, on a connection that is open. */
describe('a call of a small thread on Postgres', () => {
  let thread: TestThread
  beforeAll(async () => {
    thread = new TestThread(checkpointer)
    for (let count = 0; count < 5; count++) {
      await thread.write(await thread.put({ count, note: 'small' }), [['count', count]])
      await thread.mustRead()
    }
  })

  // Promises: each async function on the way makes one, each await of one another. The timer is the call's deadline.
  test.for<[string, () => Promise<unknown>, WorkCounts]>([
    [
      // Header, metadata, two names and values; the digest.
      'put',
      () => thread.put({ count: 5, note: 'small' }),
      { stringified: 6, hashedBytes: 194, promises: 37, timers: 1 },
    ],
    [
      // The value, the channel's name and the task path; the digest of the write.
      'putWrites',
      () => thread.write(thread.last!, [['count', 6]], 'another task'),
      { stringified: 3, hashedBytes: 41, promises: 34, timers: 1 },
    ],
    [
      // Digests: of the checkpoint's row, and of the write beside it.
      'getTuple',
      () => thread.mustRead(),
      { stringified: 0, hashedBytes: 235, promises: 36, timers: 1 },
    ],
  ])('%s', async ([, work, bounds]) => {
    expectAtMost(await leastCountsOf(work), bounds)
  })
})

/** 32 calls go into a statement, which has one deadline and one connection: what is left for a call is its own way there and back. */
describe('64 calls at once, each for a thread of its own', () => {
  let threads: readonly TestThread[]
  beforeAll(async () => {
    threads = Array.from({ length: 64 }, () => new TestThread(checkpointer))
    await Promise.all(threads.map((thread) => thread.put({ count: 1 })))
    await Promise.all(threads.map((thread) => thread.mustRead()))
  })

  test.each<[string, (thread: TestThread) => Promise<unknown>, number]>([
    ['put', (thread) => thread.put({ count: 2 }), 1441],
    ['putWrites', (thread) => thread.write(thread.last!, [['count', 1]]), 1249],
    ['getTuple', (thread) => thread.mustRead(), 1377],
  ])('%s', async (_, call, promises) => {
    const before = wire.traffic
    await Promise.all(threads.map(call))
    const { statements, roundTrips } = wire.traffic
    expect([statements - before.statements, roundTrips - before.roundTrips]).toStrictEqual([2, 2])
    expectAtMost(await leastCountsOf(() => Promise.all(threads.map(call))), { promises, timers: 2 })
  })
})
