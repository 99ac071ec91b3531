/** How often each operation calls Postgres. These counts may not grow. */
import { HumanMessage } from '@langchain/core/messages'
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { AIMessage, ToolMessage } from '@langchain/core/messages'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread, textOf } from '../support/checkpoints.ts'
import { CountingPool } from '../support/counting-driver.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let pool: CountingPool
let checkpointer: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  pool = new CountingPool(database.url)
  checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema })
  await checkpointer.setup()
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const messages = (length: number) => Array.from({ length }, (_, i) => ({ id: `m${i}`, text: textOf(i, 2000) }))
/** Another process: it knows nothing yet. */
const another = () => new PgCheckpointer({ connection: pool, schema: testSchema, migrations: 'off' })

test('a put is one statement, whatever it contains', async () => {
  const thread = new TestThread(checkpointer)
  const list = messages(300)
  expect(await pool.count(() => thread.put({ messages: list }))).toBe(1)
  const channels = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`c${i}`, textOf(i, 3000)]))
  expect(await pool.count(() => thread.put({ messages: [...list, ...messages(1)], ...channels }))).toBe(1)
  expect(await pool.count(() => thread.put({}, { id: thread.last!, parent: thread.last }))).toBe(1)
})

test('a first put of a process on a thread that others wrote is one statement', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ messages: messages(100) })
  const other = new TestThread(another(), '', thread.threadId)
  expect(await pool.count(() => other.put({ messages: messages(100) }, { parent: thread.last }))).toBe(1)
})

test('a put after another process deleted the thread and started it again takes one more statement', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ messages: messages(50) })
  const other = new TestThread(another(), '', thread.threadId)
  await other.checkpointer.deleteThread(thread.threadId)
  await other.read()
  const root = await other.put({ x: 1 }, { parent: null })
  expect(await pool.count(() => thread.put({ messages: messages(50), x: 2 }, { parent: null }))).toBe(2)
  expect(await other.ids()).toStrictEqual([thread.last, root])
  expect(await other.values()).toStrictEqual({ messages: messages(50), x: 2 })
})

test('putWrites is one statement for any number of writes', async () => {
  const thread = new TestThread(checkpointer)
  const id = await thread.put({ x: 1 })
  const writes = messages(40).map((message, i): [string, unknown] => [`c${i}`, message])
  expect(await pool.count(() => thread.write(id, writes))).toBe(1)
  expect(await pool.count(() => thread.write(id, []))).toBe(0)
})

test('getTuple is one statement if the parts are in memory', async () => {
  const thread = new TestThread(checkpointer)
  const id = await thread.put({ messages: messages(300), text: textOf(1, 500_000) })
  await thread.write(id, [['messages', messages(3)]])
  expect(await pool.count(() => thread.read())).toBe(1)
  expect(await pool.count(() => thread.read(id))).toBe(1)
})

test('getTuple by a new process is one statement, and two for long values', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ messages: messages(100), text: textOf(1, 500_000) })
  const cold = new TestThread(another(), '', thread.threadId)
  expect(await pool.count(() => cold.mustRead())).toBe(1)
  expect(await pool.count(() => cold.mustRead())).toBe(1)
  await thread.put({ rows: messages(3000).map(({ id }, i) => ({ id, text: textOf(i, 1100) })) })
  const colder = new TestThread(another(), '', thread.threadId)
  expect(await pool.count(() => colder.mustRead())).toBeLessThanOrEqual(4)
})

test('getTuple without a cache is two statements', async () => {
  const thread = new TestThread(
    new PgCheckpointer({ connection: pool, schema: testSchema, migrations: 'off', cacheBytes: 0 }),
  )
  await thread.put({ messages: messages(100) })
  expect(await pool.count(() => thread.mustRead())).toBe(2)
})

test('a list of 500 takes a page of 20, pages of 50, and their parts', async () => {
  const thread = new TestThread(checkpointer)
  const list = messages(1)
  for (let step = 0; step < 500; step++) {
    if (step % 10 === 0) list.push({ id: `n${step}`, text: textOf(step, 2000) })
    await thread.put({ messages: list, step })
  }
  expect(await pool.count(() => thread.list())).toBe(11)
  expect(await pool.count(() => thread.list({ limit: 1 }))).toBe(1)
  expect(await pool.count(() => thread.list({ limit: 0 }))).toBe(0)
  const cold = new TestThread(another(), '', thread.threadId)
  expect(await pool.count(() => cold.list())).toBeLessThanOrEqual(2 * 11)
})

test('a delta history is one statement for any number of ancestors and channels', async () => {
  const thread = new TestThread(checkpointer)
  for (let step = 0; step < 120; step++) {
    const id = await thread.put({})
    await thread.write(id, [
      ['a', step],
      ['b', { step }],
    ])
  }
  const ask = () => checkpointer.getDeltaChannelHistory({ config: thread.config(), channels: ['a', 'b', 'c'] })
  expect(await pool.count(ask)).toBe(1)
  expect((await ask())['a']!.writes).toHaveLength(119)
})

test('deleteThread asks which generation the last deletion began, then deletes', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ messages: messages(100) })
  expect(await pool.count(() => checkpointer.deleteThread(thread.threadId))).toBeLessThanOrEqual(2)
})

test('an invoke of a small agent takes a statement for each put and each task, and one to begin', async () => {
  const app = new StateGraph(MessagesAnnotation)
    .addNode('model', ({ messages: seen }) => {
      const isDone = seen.at(-1)?.type === 'tool'
      const call = { name: 'search', args: {}, id: 'call', type: 'tool_call' as const }
      return { messages: [new AIMessage({ content: isDone ? 'done' : '', ...(!isDone && { tool_calls: [call] }) })] }
    })
    .addNode('tools', () => ({ messages: [new ToolMessage({ content: 'found', tool_call_id: 'call' })] }))
    .addEdge(START, 'model')
    .addConditionalEdges('model', ({ messages: seen }) =>
      (seen.at(-1) as AIMessage).tool_calls?.length ? 'tools' : END,
    )
    .addEdge('tools', 'model')
    .compile({ checkpointer })
  const config = { configurable: { thread_id: 'agent' } }
  const statements = await pool.during(() => app.invoke({ messages: [new HumanMessage('find')] }, config))
  const of = (name: string) => statements.filter((text) => text.includes(`.${name}(`)).length
  // input, __start__, model, tools, model: 5 checkpoints; __start__ has no task of its own to write.
  expect({ put: of('put_1'), writes: of('put_writes_1'), read: of('read_1'), all: statements.length }).toStrictEqual({
    put: 5,
    writes: 4,
    read: 1,
    all: 10,
  })
})
