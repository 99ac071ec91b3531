/** What deleteThread means for runs that are not on their own: graphs in nodes, batches, other processes. */
import { randomUUID } from 'node:crypto'
import { Annotation, START, StateGraph, type BaseCheckpointSaver } from '@langchain/langgraph'
import { collect } from '../support/checkpoints.ts'
import { testSchema } from '../support/database.ts'
import type { Site } from '../support/deletion-rounds.ts'
import { inMemory, PgSite } from '../support/deletion-sites.ts'
import { runCode } from '../support/run-program.ts'

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
})
type Node = (state: typeof State.State) => Promise<unknown>

/** Nodes in a row, each of which notes its name. */
function graphOf(nodes: Readonly<Record<string, Node>>, checkpointer: BaseCheckpointSaver | true) {
  const graph = new StateGraph(State) as StateGraph<typeof State, typeof State.State, typeof State.Update, string>
  const names = Object.keys(nodes)
  for (const name of names) {
    graph.addNode(name, async (state) => {
      await nodes[name]!(state)
      return { log: [name] }
    })
  }
  graph.addEdge(START, names[0]!)
  names.slice(1).forEach((name, i) => graph.addEdge(names[i]!, name))
  return graph.compile({ checkpointer })
}

const idle: Node = async () => {}
const on = (threadId: string) => ({ configurable: { thread_id: threadId } })
const NOTHING = { checkpoints: 0, writes: 0, parts: 0 }

let onPostgres: PgSite
beforeAll(async () => {
  onPostgres = await PgSite.open()
})
afterAll(() => onPostgres.close())

describe.each<[string, () => Site]>([
  ['InMemoryCheckpointer', () => inMemory()],
  ['PgCheckpointer', () => onPostgres],
])('%s', (_, open) => {
  test.each(['async', 'sync', 'exit'] as const)(
    'a node may delete the thread of its own run: what the run writes then is late, with durability %s',
    async (durability) => {
      const { checkpointer, count } = open()
      const threadId = randomUUID()
      const inner = new StateGraph(State)
        .addNode('x', () => ({ log: ['x'] }))
        .addEdge(START, 'x')
        .compile({ checkpointer: true })
      const app = new StateGraph(State)
        .addNode('delete', async () => {
          await checkpointer.deleteThread(threadId)
          return { log: ['delete'] }
        })
        .addNode('inner', inner)
        .addEdge(START, 'delete')
        .addEdge('delete', 'inner')
        .compile({ checkpointer })
      const { log } = await app.invoke({ log: ['in'] }, { ...on(threadId), durability })
      expect(log).toStrictEqual(['in', 'delete', 'in', 'delete', 'x'])
      expect(await count(threadId)).toStrictEqual(NOTHING)
    },
  )

  test('a graph that a node runs on another thread is dropped with that thread, and only there', async () => {
    const { checkpointer, other, count } = open()
    const [outerId, innerId] = [randomUUID(), randomUUID()]
    const inner = graphOf({ x: () => other.deleteThread(innerId), y: idle }, checkpointer)
    const outer = graphOf({ a: () => inner.invoke({ log: ['inner'] }, on(innerId)), b: idle }, checkpointer)
    const result = await outer.invoke({ log: ['outer'] }, on(outerId))
    expect(await count(innerId)).toStrictEqual(NOTHING)
    expect((await outer.getState(on(outerId))).values).toStrictEqual(result)
  })

  test('a graph that a node runs on another thread stays when the thread of the node is deleted', async () => {
    const { checkpointer, other, count } = open()
    const [outerId, innerId] = [randomUUID(), randomUUID()]
    const inner = graphOf({ x: () => other.deleteThread(outerId), y: idle }, checkpointer)
    const outer = graphOf({ a: () => inner.invoke({ log: ['inner'] }, on(innerId)), b: idle }, checkpointer)
    await outer.invoke({ log: ['outer'] }, on(outerId))
    expect(await count(outerId)).toStrictEqual(NOTHING)
    expect((await count(innerId)).checkpoints).toBe(4)
  })

  test('a node that deletes the thread of an inner graph may use it again in the same run', async () => {
    const { checkpointer, count } = open()
    const innerId = randomUUID()
    const inner = graphOf({ x: idle }, checkpointer)
    const callTwice = async () => {
      await inner.invoke({ log: ['first'] }, on(innerId))
      await checkpointer.deleteThread(innerId)
      await inner.invoke({ log: ['second'] }, on(innerId))
    }
    await graphOf({ a: callTwice }, checkpointer).invoke({ log: [] }, on(randomUUID()))
    expect((await count(innerId)).checkpoints).toBe(3)
    const [last] = await collect(checkpointer.list(on(innerId), { limit: 1 }))
    expect(last!.checkpoint.channel_values['log']).toStrictEqual(['second', 'x'])
  })

  test('an update of the state that names only the thread is no part of the run, and may begin the thread again', async () => {
    const { checkpointer, count } = open()
    const threadId = randomUUID()
    const update: Node = async () => {
      await checkpointer.deleteThread(threadId)
      await app.updateState(on(threadId), { log: ['update'] }, 'a')
    }
    const app = graphOf({ a: update, b: idle }, checkpointer)
    await app.invoke({ log: ['in'] }, on(threadId))
    expect((await app.getState(on(threadId))).values).toStrictEqual({ log: ['update'] })
    expect((await count(threadId)).checkpoints).toBe(1)
  })

  test('of a batch, the runs on other threads go on', async () => {
    const { checkpointer, other, count } = open()
    const threadIds = [randomUUID(), randomUUID(), randomUUID()]
    const node: Node = async ({ log }) => {
      if (log[0] === '1') await other.deleteThread(threadIds[1]!)
    }
    const app = graphOf({ a: node, b: idle }, checkpointer)
    const results = await app.batch(
      threadIds.map((_id, i) => ({ log: [`${i}`] })),
      threadIds.map(on),
    )
    expect(results).toStrictEqual(threadIds.map((_id, i) => ({ log: [`${i}`, 'a', 'b'] })))
    expect(await count(threadIds[1]!)).toStrictEqual(NOTHING)
    for (const i of [0, 2]) expect((await app.getState(on(threadIds[i]!))).values).toStrictEqual(results[i])
  })
})

test('another process may delete the thread of a run', async () => {
  const { checkpointer, count, database } = onPostgres
  const threadId = randomUUID()
  const code = `
    import { PgCheckpointer } from 'langgraph-pg-checkpointer'
    const { connection, schema, threadId } = JSON.parse(process.env.OPTIONS)
    await using checkpointer = new PgCheckpointer({ connection, schema })
    await checkpointer.deleteThread(threadId)`
  const options = JSON.stringify({ connection: database.url, schema: testSchema, threadId })
  const inner = graphOf({ x: idle, y: idle }, true)
  const app = new StateGraph(State)
    .addNode('a', async () => {
      await runCode(code, { OPTIONS: options })
      return { log: ['a'] }
    })
    .addNode('inner', inner)
    .addEdge(START, 'a')
    .addEdge('a', 'inner')
    .compile({ checkpointer })
  await app.invoke({ log: ['old'] }, on(threadId))
  expect(await count(threadId)).toStrictEqual(NOTHING)
  const next = graphOf({ n: idle }, checkpointer)
  await next.invoke({ log: ['new'] }, on(threadId))
  expect((await next.getState(on(threadId))).values).toStrictEqual({ log: ['new', 'n'] })
  expect((await count(threadId)).checkpoints).toBe(3)
})
