/** Many calls at once on one thread: they keep their order, are whole, and wait only where they must. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { writeDigest } from '../../src/codec/digest.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { configOf, idOf, newId, numberedLines, TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'
import { somethingWaitsForALock } from '../support/fault-sql.ts'

let database: TestDatabase
let admin: pg.Client
const checkpointers: PgCheckpointer[] = []
/** A process of its own, with what it knows and its connections. */
function newProcess(max = 2): PgCheckpointer {
  const made = new PgCheckpointer({ connection: { connectionString: database.url, max }, schema: testSchema })
  checkpointers.push(made)
  return made
}
beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
  await newProcess().setup()
})
afterEach(async () => {
  for (const made of checkpointers.splice(0)) await made.end()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

const sql = async (text: string, params: unknown[] = []) =>
  (
    await admin.query<Record<string, unknown>>(
      text.replaceAll(':schema', () => `"${testSchema}"`),
      params,
    )
  ).rows
const seqs = async (threadId: string) =>
  (await sql('select seq::int from :schema.checkpoints where thread_id = $1 order by seq', [threadId])).map(
    ({ seq }) => seq,
  )
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

test('ten writers on one thread commit 1 to n without gaps, and each reads what it wrote', async () => {
  const root = new TestThread(newProcess())
  const base = await root.put({ x: 0 })
  const writers = upTo(10).map((n) => ({ n, thread: new TestThread(newProcess(1), '', root.threadId) }))
  await Promise.all(
    writers.map(async ({ n, thread }) => {
      await thread.read()
      for (let step = 0; step < 15; step++) {
        const values = { writer: n, step, text: textOf(n, 3000), list: [textOf(step, 1200), textOf(n, 1200)] }
        const id = await thread.put(values, { ...(step === 0 && { parent: base }), versions: { writer: step, step } })
        await thread.write(id, [['writer', n]], `task-${n}`)
        const tuple = await thread.mustRead(id)
        expect(tuple.checkpoint.channel_values).toStrictEqual(values)
        expect(tuple.pendingWrites).toStrictEqual([[`task-${n}`, 'writer', n]])
      }
    }),
  )
  expect(await seqs(root.threadId)).toStrictEqual(upTo(151))
  const listed = await root.list()
  expect(listed).toHaveLength(151)
  const orderOf = (n: number) =>
    listed
      .filter(({ checkpoint }) => checkpoint.channel_values['writer'] === n)
      .map(({ checkpoint }) => checkpoint.channel_values['step'])
  for (const { n } of writers) expect(orderOf(n)).toStrictEqual(upTo(15).map((step) => 15 - step))
})

test('the same put by many callers at once stores one checkpoint with one number', async () => {
  const threads = upTo(8).map(() => new TestThread(newProcess(1), '', 'same'))
  const id = newId()
  await Promise.all(threads.map((thread) => thread.put({ text: textOf(1, 5000) }, { id, parent: null })))
  expect(await seqs('same')).toStrictEqual([1])
  await threads[0]!.put({ x: 2 }, { parent: id })
  expect(await seqs('same')).toStrictEqual([1, 2])
})

test('first puts of many namespaces at once number the thread without gaps', async () => {
  const processes = upTo(4).map(() => newProcess())
  await Promise.all(upTo(40).map((n) => new TestThread(processes[n % 4]!, `node:${n}`, 'many').put({ n })))
  expect(await seqs('many')).toStrictEqual(upTo(40))
})

test('a thread that is deleted while it is written is complete or absent, 200 times', async () => {
  const [writer, deleter] = [newProcess(4), newProcess(1)]
  const parts = { a: textOf(1, 4000), b: textOf(2, 4000), list: upTo(30).map((n) => ({ n, text: textOf(n, 200) })) }
  let survived = 0
  for (let round = 0; round < 200; round++) {
    const thread = TestThread.inRun(writer, `race-${round}`)
    const root = await thread.put({ ...parts, step: 0 })
    const next = newId()
    await Promise.all([
      thread.put({ ...parts, c: textOf(round, 2000), step: 1 }, { id: next, parent: root }),
      thread.write(next, [['x', textOf(3, 2000)]]),
      deleter.deleteThread(thread.threadId),
      thread.put({ ...parts, step: 2 }, { parent: next }),
    ])
    const [counts] = await sql(
      `select (select count(*)::int from :schema.checkpoints where thread_id = $1) as checkpoints,
              (select count(*)::int from :schema.writes where thread_id = $1) as writes,
              (select count(*)::int from :schema.parts where thread_id = $1) as parts`,
      [thread.threadId],
    )
    expect(counts).toStrictEqual({ checkpoints: 0, writes: 0, parts: 0 })
    const fresh = TestThread.inRun(writer, thread.threadId)
    survived += (await fresh.read()) === undefined ? 0 : 1
    await fresh.put({ ...parts, again: true }, { parent: null })
    expect(await fresh.values()).toStrictEqual({ ...parts, again: true })
  }
  expect(survived).toBe(0)
})

test('a run that begins while its thread is deleted is complete or absent', async () => {
  const [writer, deleter, reader] = [newProcess(4), newProcess(1), newProcess(1)]
  for (let round = 0; round < 60; round++) {
    const thread = new TestThread(writer, '', `begin-${round}`)
    await thread.put({ old: textOf(1, 3000) })
    await Promise.all([
      deleter.deleteThread(thread.threadId),
      (async () => {
        const head = await thread.read()
        await thread.put({ text: textOf(1, 3000), more: textOf(2, 3000) }, { parent: head?.checkpoint.id ?? null })
      })(),
    ])
    const read = await new TestThread(reader, '', thread.threadId).list()
    expect(read.length).toBeLessThanOrEqual(1)
    for (const { checkpoint } of read)
      expect(checkpoint.channel_values).toStrictEqual({ text: textOf(1, 3000), more: textOf(2, 3000) })
  }
})

test('a read during deletion and restart of a thread returns the old run or the new one, complete', async () => {
  const writer = newProcess(2)
  const reader = new PgCheckpointer({
    connection: { connectionString: database.url, max: 6 },
    schema: testSchema,
    cacheBytes: 0,
  })
  checkpointers.push(reader)
  const state = (life: string) => ({ life, list: upTo(30).map((n) => ({ n, text: `${life} ${textOf(n, 1500)}` })) })
  for (let round = 0; round < 40; round++) {
    const thread = new TestThread(writer, '', `read-${round}`)
    const root = await thread.put(state('old'))
    await thread.write(root, [['delta', state('old')]])
    const old = await thread.put(state('old'))
    const cold = new TestThread(reader, '', thread.threadId)
    const history = () => reader.getDeltaChannelHistory({ config: cold.config(old), channels: ['delta'] })
    const begunAnew = writer.deleteThread(thread.threadId).then(() => thread.put(state('new'), { parent: null }))
    const tuples = Promise.all([
      cold.list(),
      sleep(2).then(() => cold.list()),
      ...[0, 1, 3].map((ms) => sleep(ms).then(async () => (await cold.read()) ?? [])),
      cold.read(old).then((tuple) => tuple ?? []),
    ])
    const histories = Promise.all([history(), sleep(1).then(history)])
    for (const { checkpoint } of (await tuples).flat())
      expect(checkpoint.channel_values).toStrictEqual(state(checkpoint.channel_values['life'] as string))
    for (const { delta } of await histories)
      for (const [, , value] of delta!.writes) expect(value).toStrictEqual(state('old'))
    await begunAnew
  }
})

test('tasks that write at once do not wait for each other, and a put waits for them', async () => {
  const thread = new TestThread(newProcess())
  const id = await thread.put({ x: 1 })
  const slow = new pg.Client(database.url)
  await slow.connect()
  await slow.query('begin')
  await slow.query(
    `select "${testSchema}".put_writes_1('', $1, '', $2, 'slow', '', '{0}', '{x}', '{"{\\"is\\":1}"}', array[$3],
                                         null, null, null, null, null, '{}', '{}', null)`,
    [thread.threadId, id, writeDigest({ taskId: 'slow', taskPath: '', idx: 0, channel: 'x', value: '{"is":1}' })],
  )
  const other = new TestThread(newProcess(), '', thread.threadId)
  await Promise.all(upTo(5).map((n) => other.write(id, [['x', n]], `task-${n}`)))
  let isPut = false
  const put = new TestThread(newProcess(), '', thread.threadId).put({ x: 2 }, { parent: id }).then(() => (isPut = true))
  await somethingWaitsForALock(database.url)
  expect(isPut).toBe(false)
  await slow.query('commit')
  await slow.end()
  await put
  expect((await thread.mustRead(id)).pendingWrites).toHaveLength(6)
})

test('writes of one task from two processes at once leave one of them, complete', async () => {
  const [a, b] = [newProcess(), newProcess()]
  const thread = new TestThread(a)
  for (let round = 0; round < 20; round++) {
    const id = await thread.put({ round })
    const other = new TestThread(b, '', thread.threadId)
    await Promise.all([
      thread.write(id, [
        ['x', 'a'],
        ['y', textOf(1, 2000)],
        ['__resume__', 'a'],
      ]),
      other.write(id, [
        ['x', 'b'],
        ['y', textOf(1, 2000)],
        ['__resume__', 'b'],
      ]),
    ])
    const values = (await thread.mustRead(id)).pendingWrites!.map(([, channel, value]) => [channel, value])
    expect(values).toStrictEqual([
      ['__resume__', expect.stringMatching(/^[ab]$/)],
      ['x', expect.stringMatching(/^[ab]$/)],
      ['y', textOf(1, 2000)],
    ])
  }
})

describe('a writer that knows which parts are stored', () => {
  const state = () => ({ messages: upTo(40).map((n) => ({ n, text: textOf(n, 1500) })), text: textOf(7, 100_000) })

  test('sends all of them again after another process deleted the thread and started it again', async () => {
    const [a, b] = [new TestThread(newProcess()), newProcess()]
    await a.put(state())
    await b.deleteThread(a.threadId)
    const other = new TestThread(b, '', a.threadId)
    await other.read()
    const root = await other.put({ x: 1 }, { parent: null })
    await a.put({ ...state(), y: 2 }, { parent: null })
    expect(await other.values()).toStrictEqual({ ...state(), y: 2 })
    expect(await other.ids()).toStrictEqual([a.last, root])
    await a.mustRead(root)
    await a.write(root, [['messages', state().messages]])
    expect((await other.mustRead(root)).pendingWrites).toStrictEqual([['task', 'messages', state().messages]])
  })

  test('sends all of them again after the thread was pruned', async () => {
    const [a, b] = [new TestThread(newProcess()), newProcess()]
    await a.put({ ...state(), x: 1 })
    const kept = await a.put({ x: 2 })
    const prune = async () => {
      await sql('update :schema.threads set generation = generation + 1 where thread_id = $1', [a.threadId])
      await sql('delete from :schema.checkpoints where thread_id = $1 and checkpoint_id <> $2', [a.threadId, kept])
      await sql('delete from :schema.parts where thread_id = $1', [a.threadId])
    }
    await prune()
    const next = await a.put({ ...state(), x: 3 })
    expect(await new TestThread(b, '', a.threadId).values(next)).toStrictEqual({ ...state(), x: 3 })
    await prune()
    await a.write(kept, [['messages', state().messages]])
    expect((await new TestThread(newProcess(), '', a.threadId).mustRead(kept)).pendingWrites).toHaveLength(1)
  })

  test('sends all of them again after a put that turned out to be a repetition', async () => {
    const a = new TestThread(newProcess())
    const versions = { messages: 1, text: 1 }
    // A root whose channels are not new: their parts are sent, but nothing names them.
    const root = await a.put(state(), { parent: null, versions, newVersions: {} })
    expect(await a.values()).toStrictEqual({})
    await sql('update :schema.threads set generation = generation + 1 where thread_id = $1', [a.threadId])
    await sql('delete from :schema.parts where thread_id = $1', [a.threadId])
    await a.put(state(), { id: root, parent: null, versions, newVersions: {} })
    await a.put(state(), { parent: root, versions })
    expect(await new TestThread(newProcess(), '', a.threadId).values()).toStrictEqual(state())
  })

  test('stores more than one batch, even if the thread changes in between', async () => {
    const a = new TestThread(newProcess())
    const text = numberedLines(35_000_000)
    await a.put({ text, x: 1 })
    expect((await a.values())['text'] === text).toBe(true)
    const more = `${text.slice(0, 34_000_000)}!`
    await sql('update :schema.threads set generation = generation + 1 where thread_id = $1', [a.threadId])
    const bump = sleep(30).then(() =>
      sql('update :schema.threads set generation = generation + 1 where thread_id = $1', [a.threadId]),
    )
    await a.put({ text: more, text2: text, x: 2 })
    await bump
    const read = await new TestThread(newProcess(), '', a.threadId).values()
    expect([read['text'] === more, read['text2'] === text, read['x']]).toStrictEqual([true, true, 2])
  })

  test('stores more than one batch as the first put after a deletion', async () => {
    const old = TestThread.inRun(newProcess())
    await old.put({ x: 1 })
    await old.checkpointer.deleteThread(old.threadId)
    const text = numberedLines(17_000_000)
    const a = TestThread.inRun(old.checkpointer, old.threadId)
    const root = await a.put({ text }, { parent: null })
    const next = await a.put({ text, x: 2 })
    expect((await a.list()).map(idOf)).toStrictEqual([next, root])
    await a.checkpointer.deleteThread(a.threadId)
    await a.put({ text: `${text}!`, late: true })
    expect(await a.read()).toBeUndefined()
    expect(await sql('select from :schema.parts where thread_id = $1', [a.threadId])).toStrictEqual([])
  })
})

test('puts of a thread by one process commit in the order of their calls, whatever their size', async () => {
  const thread = new TestThread(newProcess(8))
  const ids = upTo(30).map(newId)
  await Promise.all(
    ids.map((id, i) =>
      thread.put({ i, text: textOf(i, i % 5 === 0 ? 400_000 : 10) }, { id, parent: ids[i - 1] ?? null }),
    ),
  )
  expect(await thread.ids()).toStrictEqual(ids.toReversed())
})

test('a put that fails does not stop the puts behind it', async () => {
  const thread = new TestThread(newProcess())
  const root = await thread.put({ x: 1 })
  const results = await Promise.allSettled([
    thread.put({ x: 2 }, { parent: root }),
    thread.put({ f: () => 1 }, { parent: root }),
    thread.put({ x: 3 }, { parent: root }),
    thread.checkpointer.put(configOf(''), { id: '' } as never, {} as never, {}),
    thread.put({ x: 4 }, { parent: root }),
  ])
  expect(results.map(({ status }) => status)).toStrictEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect((await thread.list()).map(({ checkpoint }) => checkpoint.channel_values['x'])).toStrictEqual([4, 3, 2, 1])
})
