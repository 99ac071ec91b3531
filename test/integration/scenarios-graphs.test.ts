/** Interrupts, errors, subgraphs, functions, sends, durabilities: what graphs do all day. */
import assert from 'node:assert/strict'
import {
  Annotation,
  Command,
  entrypoint,
  getPreviousState,
  interrupt,
  Send,
  START,
  StateGraph,
  task,
  type BaseCheckpointSaver,
} from '@langchain/langgraph'
import { collect } from '../support/checkpoints.ts'
import { hasLangGraph } from '../support/langgraph-line.ts'
import { newThread, openCheckpointers, scenario } from '../support/scenario.ts'

openCheckpointers()

const last = <Value>(_: Value, next: Value): Value => next
const Topic = Annotation.Root({
  topic: Annotation<string>,
  a: Annotation<string>,
  b: Annotation<string>,
  log: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
})

scenario(
  'interrupts resume one after the other, in one node and in parallel ones',
  async (checkpointer) => {
    const app = new StateGraph(Topic)
      .addNode('two', () => ({
        a: `${interrupt<string, string>('first')} ${interrupt<string, string>('second')}`,
        log: ['two'],
      }))
      .addNode('p1', () => ({ log: [`p1 ${interrupt<string, string>('p1?')}`] }))
      .addNode('p2', () => ({ log: [`p2 ${interrupt<string, string>('p2?')}`] }))
      .addEdge(START, 'two')
      .addEdge('two', 'p1')
      .addEdge('two', 'p2')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ topic: 'x' }, config)
    await app.invoke(new Command({ resume: 'A' }), config)
    const asked = (await app.getState(config)).tasks.map(({ interrupts }) => interrupts.map(({ value }) => value))
    await app.invoke(new Command({ resume: 'B' }), config)
    const parallel = (await app.getState(config)).tasks.flatMap(({ interrupts }) => interrupts)
    const resume = Object.fromEntries(parallel.map(({ id, value }) => [id!, `to ${value}`]))
    return { asked, result: await app.invoke(new Command({ resume }), config) }
  },
  { asked: [['second']], result: { topic: 'x', a: 'A B', log: ['two', 'p1 to p1?', 'p2 to p2?'] } },
)

scenario(
  'what a parallel task has done is not done again after an error',
  async (checkpointer) => {
    const calls: string[] = []
    let fails = true
    const app = new StateGraph(Topic)
      .addNode('good', async () => (calls.push('good'), { log: ['good'] }))
      .addNode('bad', async () => {
        calls.push('bad')
        await new Promise((done) => setTimeout(done, 20))
        if (fails) throw new Error('bad')
        return { log: ['bad'] }
      })
      .addEdge(START, 'good')
      .addEdge(START, 'bad')
      .compile({ checkpointer })
    const config = newThread()
    await assert.rejects(app.invoke({ topic: 'x' }, config), /bad/)
    fails = false
    const result = await app.invoke(null, config)
    return { calls: calls.toSorted(), log: result.log.toSorted() }
  },
  { calls: ['bad', 'bad', 'good'], log: ['bad', 'good'] },
)

/** What getState shows of a subgraph with a memory of its own. LangGraph 1.7 looks into that memory, 1.4 does not. */
const lookedAt = (entries: number) => (hasLangGraph(7) ? [entries, ['ask']] : [undefined, []])

/** A graph in a graph, with a question inside. */
function nestedGraph(checkpointer: BaseCheckpointSaver, inner: true | undefined) {
  const child = new StateGraph(Topic)
    .addNode('count', ({ log }) => ({ log: [`inner ${log.length}`] }))
    .addNode('ask', () => ({ a: interrupt<string, string>('inner?') }))
    .addEdge(START, 'count')
    .addEdge('count', 'ask')
    .compile(inner === undefined ? {} : { checkpointer: inner })
  return new StateGraph(Topic)
    .addNode('child', child)
    .addNode('after', ({ a }) => ({ b: `after ${a}` }))
    .addEdge(START, 'child')
    .addEdge('child', 'after')
    .compile({ checkpointer })
}

for (const inner of [undefined, true] as const) {
  scenario(
    `a subgraph ${inner ? 'with a memory of its own' : 'that inherits the checkpointer'} is interrupted, looked at, and resumed, turn after turn`,
    async (checkpointer) => {
      const app = nestedGraph(checkpointer, inner)
      const config = newThread()
      const turns: unknown[] = []
      for (let turn = 0; turn < 3; turn++) {
        await app.invoke({ topic: `t${turn}`, log: [`turn ${turn}`] }, config)
        const { tasks } = await app.getState(config, { subgraphs: true })
        const state = tasks[0]?.state as { values: { log?: string[] }; next: string[] } | undefined
        const result = await app.invoke(new Command({ resume: `yes ${turn}` }), config)
        turns.push([state?.values.log?.length, state?.next, result.b, result.log.length])
      }
      const histories = await collect(app.getStateHistory(config))
      return {
        turns,
        steps: histories.length,
        tuples: (await collect(checkpointer.list(config))).length > histories.length,
      }
    },
    inner
      ? {
          turns: [
            [...lookedAt(2), 'after yes 0', 3],
            [...lookedAt(7), 'after yes 1', 11],
            [...lookedAt(20), 'after yes 2', 32],
          ],
          steps: 12,
          tuples: true,
        }
      : {
          turns: [
            [2, ['ask'], 'after yes 0', 3],
            [5, ['ask'], 'after yes 1', 9],
            [11, ['ask'], 'after yes 2', 21],
          ],
          steps: 12,
          tuples: true,
        },
  )

  scenario(
    `a replay of a parent finds the subgraph as it was then (${inner ? 'memory of its own' : 'inherited'})`,
    async (checkpointer) => {
      const app = nestedGraph(checkpointer, inner)
      const config = newThread()
      await app.invoke({ topic: 'x', log: ['in'] }, config)
      await app.invoke(new Command({ resume: 'first' }), config)
      const states = await collect(app.getStateHistory(config))
      const atChild = states.find(({ next }) => next.join() === 'child')!
      await app.invoke(null, atChild.config)
      const { tasks } = await app.getState(config, { subgraphs: true })
      const result = await app.invoke(new Command({ resume: 'second' }), config)
      return { waiting: tasks.map(({ interrupts }) => interrupts.length), b: result.b }
    },
    { waiting: [1], b: 'after second' },
  )
}

scenario(
  'an entrypoint remembers what it returned, and its tasks what they did',
  async (checkpointer) => {
    const calls: number[] = []
    const double = task('double', async (n: number) => (calls.push(n), n * 2))
    const app = entrypoint({ checkpointer, name: 'main' }, async (n: number) => {
      const doubled = await double(n)
      const more = n === 3 ? interrupt<string, number>('more?') : 0
      return doubled + more + (getPreviousState<number>() ?? 0)
    })
    const config = newThread()
    const results = [await app.invoke(1, config), await app.invoke(2, config)]
    await app.invoke(3, config)
    results.push(await app.invoke(new Command({ resume: 100 }), config))
    return { results, calls }
  },
  { results: [2, 6, 112], calls: [1, 2, 3] },
)

scenario(
  'a fan-out of 100 sends is done once each, and goes on after an interrupt in one of them',
  async (checkpointer) => {
    const calls: number[] = []
    const State = Annotation.Root({
      n: Annotation<number>({ reducer: last }),
      all: Annotation<number[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
    })
    const app = new StateGraph(State)
      .addNode('one', ({ n }) => {
        const more = n === 42 ? interrupt<string, number>('42?') : 0
        calls.push(n)
        return { all: [n + more] }
      })
      .addConditionalEdges(START, () => Array.from({ length: 100 }, (_, n) => new Send('one', { n })))
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ n: 0 }, config)
    const waiting = (await app.getState(config)).tasks.filter(({ interrupts }) => interrupts.length > 0).length
    const { all } = await app.invoke(new Command({ resume: 1000 }), config)
    return { waiting, calls: calls.length, all: all.length, sum: all.reduce((sum, n) => sum + n, 0) }
  },
  { waiting: 1, calls: 100, all: 100, sum: 4950 + 1000 },
)

for (const durability of ['sync', 'async', 'exit'] as const) {
  scenario(
    `with durability ${durability}, two turns and an interrupt end as they should`,
    async (checkpointer) => {
      const app = new StateGraph(Topic)
        .addNode('n1', ({ topic }) => ({ a: `a-of-${topic}`, log: ['n1'] }))
        .addNode('n2', ({ topic }) => ({ b: topic === 'ask' ? interrupt<string, string>('?') : 'none', log: ['n2'] }))
        .addEdge(START, 'n1')
        .addEdge('n1', 'n2')
        .compile({ checkpointer })
      const config = newThread()
      const options = { ...config, durability }
      await app.invoke({ topic: 'one' }, options)
      await app.invoke({ topic: 'ask' }, options)
      const waiting = (await app.getState(config)).next
      const result = await app.invoke(new Command({ resume: 'yes' }), options)
      const states = await collect(app.getStateHistory(config))
      const parents = states.map(
        ({ parentConfig }) => parentConfig?.configurable?.['checkpoint_id'] as string | undefined,
      )
      const ids = states.map((state) => state.config.configurable?.['checkpoint_id'] as string)
      assert.deepEqual(parents, [...ids.slice(1), undefined])
      return { waiting, result, steps: states.length, stored: (await app.getState(config)).values }
    },
    {
      waiting: ['n2'],
      result: { topic: 'ask', a: 'a-of-ask', b: 'yes', log: ['n1', 'n2', 'n1', 'n2'] },
      stored: { topic: 'ask', a: 'a-of-ask', b: 'yes', log: ['n1', 'n2', 'n1', 'n2'] },
      steps: durability === 'exit' ? 3 : 8,
    },
  )
}

scenario(
  'a thread that is deleted in the middle of a run stays deleted, and the next run starts afresh',
  async (checkpointer) => {
    const config = newThread()
    const threadId = config.configurable.thread_id
    let deletes = true
    const app = new StateGraph(Topic)
      .addNode('n1', async ({ topic }) => {
        if (deletes) await checkpointer.deleteThread(threadId)
        return { a: `a-of-${topic}`, log: ['n1'] }
      })
      .addNode('n2', () => ({ log: ['n2'] }))
      .addEdge(START, 'n1')
      .addEdge('n1', 'n2')
      .compile({ checkpointer })
    deletes = false
    await app.invoke({ topic: 'before' }, config)
    deletes = true
    const { log } = await app.invoke({ topic: 'during' }, { ...config, durability: 'sync' })
    const after = (await app.getState(config)).values as object
    const left = (await collect(checkpointer.list(config))).length
    deletes = false
    return { log, after, left, next: (await app.invoke({ topic: 'new' }, config)).log }
  },
  { log: ['n1', 'n2', 'n1', 'n2'], after: {}, left: 0, next: ['n1', 'n2'] },
  false,
)
