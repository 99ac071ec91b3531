/** What a change costs: parts that are stored, and what stands in the manifest. Counted in the tables. */
import { AIMessage, HumanMessage, type BaseMessage } from '@langchain/core/messages'
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { newId, TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let admin: pg.Client
let checkpointer: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
  checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema })
  await checkpointer.setup()
})
afterAll(async () => {
  await checkpointer.end()
  await admin.end()
  await database.drop()
})

async function partsOf(thread: TestThread): Promise<Map<string, number>> {
  const { rows } = await admin.query<{ name: string; size: number }>(
    `select name, coalesce(length(body), octet_length(bytes)) as size from "${testSchema}".parts where thread_id = $1`,
    [thread.threadId],
  )
  return new Map(rows.map(({ name, size }) => [name, size]))
}

/** The parts that `work` adds to a thread. */
async function added(
  thread: TestThread,
  work: () => Promise<unknown>,
): Promise<{ count: number; size: number; kinds: string }> {
  const before = await partsOf(thread)
  await work()
  const fresh = [...(await partsOf(thread))].filter(([name]) => !before.has(name))
  const kinds = fresh
    .map(([name]) => name[0])
    .toSorted((a, b) => (a! < b! ? -1 : 1))
    .join('')
  return { count: fresh.length, size: fresh.reduce((sum, [, size]) => sum + size, 0), kinds }
}

async function manifestLength(thread: TestThread): Promise<number> {
  const { rows } = await admin.query<{ length: number }>(
    `select length(manifest) as length from "${testSchema}".checkpoints where thread_id = $1 order by seq desc limit 1`,
    [thread.threadId],
  )
  return rows[0]!.length
}

const message = (i: number, length: number): BaseMessage => {
  const fields = { id: `m${i}`, content: textOf(i, length) }
  return i % 2 === 0 ? new HumanMessage(fields) : new AIMessage(fields)
}
const messages = (length: number, chars: number) => Array.from({ length }, (_, i) => message(i, chars))

describe.each([
  ['short messages, which share parts', 120],
  ['long messages, a part each', 2000],
])('a list of 1,000 %s', (_, chars) => {
  let thread: TestThread
  let list: BaseMessage[]
  beforeAll(async () => {
    thread = new TestThread(checkpointer)
    list = messages(1000, chars)
    await thread.put({ messages: list })
  })
  /** The element or its group, a neighbour, and small index parts until the cuts are where they were. */
  const FEW = 16

  test('adds a few parts for each of twenty more messages, mostly two', async () => {
    const counts: number[] = []
    for (let i = 0; i < 20; i++) {
      list = [...list, message(2000 + i, chars)]
      counts.push((await added(thread, () => thread.put({ messages: list }))).count)
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(5)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(45)
  })

  test.each<[string, (all: BaseMessage[]) => BaseMessage[]]>([
    ['edited in the middle', (all) => all.with(500, message(9000, chars))],
    ['edited at the front', (all) => all.with(0, message(9001, chars))],
    ['trimmed at the front by one', (all) => all.slice(1)],
    ['trimmed at the front by 333', (all) => all.slice(333)],
    ['without one in the middle', (all) => all.toSpliced(400, 1)],
    ['with one more in the middle', (all) => all.toSpliced(600, 0, message(9002, chars))],
    ['cut off at the end', (all) => all.slice(0, 700)],
  ])('%s, keeps its other parts', async (__, edit) => {
    const { count, size } = await added(thread, () => thread.put({ messages: edit(list) }))
    expect(count).toBeLessThanOrEqual(FEW)
    expect(size).toBeLessThan(30_000)
  })

  test('with two messages exchanged, keeps its other parts', async () => {
    const { count } = await added(thread, () =>
      thread.put({ messages: list.with(100, list[800]!).with(800, list[100]!) }),
    )
    expect(count).toBeLessThanOrEqual(2 * FEW)
  })

  test('put again by another process that read nothing, adds no part', async () => {
    await using other = new PgCheckpointer({ connection: database.url, schema: testSchema })
    const same = new TestThread(other, '', thread.threadId)
    const put = () => same.put({ messages: list.map((each) => each) }, { parent: thread.last })
    expect((await added(thread, put)).count).toBe(0)
  })

  test('read and put again, adds no part', async () => {
    const { count } = await added(thread, async () => {
      const values = await thread.values()
      await thread.put({ ...values, other: 1 })
    })
    expect(count).toBe(0)
  })

  test('in other channels and namespaces, adds no part', async () => {
    const child = new TestThread(checkpointer, 'node:1', thread.threadId)
    const { count } = await added(thread, async () => {
      await child.put({ history: list, messages: list })
    })
    expect(count).toBe(0)
  })
})

test('a change of one of 200 files in an object adds that file only', async () => {
  const thread = new TestThread(checkpointer)
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`src/file-${i}.ts`, textOf(i, 5000)]))
  await thread.put({ files })
  for (const [change, value] of Object.entries({
    'src/file-100.ts': 'new '.repeat(1500),
    'src/file-0.ts': 'small',
    'src/new.ts': textOf(999, 5000),
  })) {
    files[change] = value
    expect((await added(thread, () => thread.put({ files }))).count).toBeLessThanOrEqual(5)
  }
  const { count, size } = await added(thread, () =>
    thread.put({ files: { ...files, 'src/file-50.ts': { text: textOf(5, 5000), mode: 1 } } }),
  )
  expect(count).toBeLessThanOrEqual(4)
  expect(size).toBeLessThan(10_000)
})

test('a change of one of many small entries of an object adds its group only', async () => {
  const thread = new TestThread(checkpointer)
  const counters: Record<string, { n: number; note: string }> = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`key ${i}`, { n: i, note: textOf(i, 50) }]),
  )
  await thread.put({ counters })
  counters['key 1234']!.n = -1
  const { count, size } = await added(thread, () => thread.put({ counters }))
  expect(count).toBeLessThanOrEqual(5)
  expect(size).toBeLessThan(30_000)
})

test('a message in its pending write and in the list is one part', async () => {
  const thread = new TestThread(checkpointer)
  const list = messages(50, 2000)
  const id = await thread.put({ messages: list })
  const reply = message(100, 3000)
  expect(await added(thread, () => thread.write(id, [['messages', [reply]]]))).toMatchObject({ count: 1, kinds: 'v' })
  const { kinds } = await added(thread, () => thread.put({ messages: [...list, reply] }))
  expect(kinds).toMatch(/^i*$/)
})

test('a message that other processes read from a write and from a list is one part', async () => {
  const thread = new TestThread(checkpointer)
  const text = textOf(7, 4000)
  await using other = new PgCheckpointer({ connection: database.url, schema: testSchema })
  const id = newId()
  await new TestThread(other, '', thread.threadId).write(id, [
    ['messages', [new AIMessage({ id: 'a', content: text })]],
  ])
  const put = () => thread.put({ messages: [new AIMessage({ id: 'a', content: text })] }, { id })
  expect((await added(thread, put)).count).toBe(0)
})

test('long texts and bytes that grow at the end keep their pieces', async () => {
  const thread = new TestThread(checkpointer)
  const text = textOf(1, 1_000_000)
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * i) >> 7)
  await thread.put({ text, bytes })
  const grown = Uint8Array.from([...bytes, 1, 2, 3])
  const { count } = await added(thread, () => thread.put({ text: `${text} and more`, bytes: grown }))
  expect(count).toBeLessThanOrEqual(8)
})

test('no part is larger than 192 KB, whatever the value', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({
    text: '\u{1f600}'.repeat(300_000),
    escaped: '\u0001'.repeat(100_000),
    rows: Array.from({ length: 50 }, (_, i) => ({ text: textOf(i, 100_000) })),
    nested: Array.from({ length: 20 }, (_, i) =>
      Array.from({ length: 20 }, (__, k) => ({ text: textOf(i * k, 2000), list: [[textOf(k, 20_000)]] })),
    ),
    special: new Map([['text', textOf(1, 500_000)]]),
    bytes: new Uint8Array(1_000_000),
    wide: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, i])),
  })
  const { rows } = await admin.query<{ largest: number }>(
    `select max(coalesce(octet_length(body), octet_length(bytes))) as largest from "${testSchema}".parts where thread_id = $1`,
    [thread.threadId],
  )
  expect(rows[0]!.largest).toBeLessThanOrEqual(192 * 1024)
})

test('equal content is one part per thread, and each thread has its own', async () => {
  const [a, b] = [new TestThread(checkpointer), new TestThread(checkpointer)]
  const value = { text: textOf(3, 2000) }
  await a.put({ list: [value, { ...value }], byName: { value, other: { text: textOf(3, 2000) } }, x: 1 })
  await b.put({ list: [value] })
  expect((await partsOf(a)).size).toBe(1)
  expect([...(await partsOf(b)).keys()]).toStrictEqual([...(await partsOf(a)).keys()])
  await checkpointer.deleteThread(a.threadId)
  expect((await partsOf(a)).size).toBe(0)
  expect(await b.values()).toStrictEqual({ list: [value] })
})

test.each([
  ['short', 120],
  ['long', 1500],
])('a manifest grows with the logarithm of a list of %s messages', async (_, chars) => {
  const lengths: Record<number, number> = {}
  for (const length of [100, 1000, 10_000]) {
    const thread = new TestThread(checkpointer)
    await thread.put({ messages: Array.from({ length }, (__, i) => ({ id: i, text: textOf(i, chars) })) })
    lengths[length] = await manifestLength(thread)
  }
  expect(lengths[10_000]).toBeLessThan(2000)
  expect(lengths[10_000]! - lengths[1000]!).toBeLessThan(1000)
  expect(lengths[1000]! - lengths[100]!).toBeLessThan(1000)
})

test('a conversation takes less than 2.6 times its text, in all tables and indexes', async () => {
  const thread = new TestThread(checkpointer)
  const list: BaseMessage[] = []
  let text = 0
  for (let i = 0; i < 200; i++) {
    const next = message(i, 2000)
    text += 2000
    if (i > 0) await thread.write(thread.last!, [['messages', [next]]], `task-${i}`)
    list.push(next)
    await thread.put({ messages: list, step: i }, { versions: { messages: i, step: i } })
  }
  const { rows } = await admin.query<{ size: number }>(
    `select ((select sum(length(body)) from "${testSchema}".parts where thread_id = $1)
       + (select sum(length(manifest) + length(header) + length(metadata)) from "${testSchema}".checkpoints where thread_id = $1)
       + (select sum(length(value)) from "${testSchema}".writes where thread_id = $1))::int as size`,
    [thread.threadId],
  )
  expect(rows[0]!.size / text).toBeLessThan(2.6)
})
