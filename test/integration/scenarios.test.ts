/** Where other savers go wrong: forks, replays, pending writes, deltas, clocks (docs/contract.md). */
import assert from 'node:assert/strict'
import {
  Annotation,
  Command,
  DeltaChannel,
  END,
  interrupt,
  START,
  StateGraph,
  type BaseCheckpointSaver,
} from '@langchain/langgraph'
import type { RunnableConfig } from '@langchain/core/runnables'
import { collect } from '../support/checkpoints.ts'
import { newThread, openCheckpointers, scenario } from '../support/scenario.ts'

openCheckpointers()

const last = <Value>(_: Value, next: Value): Value => next
const Topic = Annotation.Root({
  topic: Annotation<string>,
  a: Annotation<string>,
  b: Annotation<string>,
  log: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
})

/** START → n1 → n2, each of which says what it saw. */
function topicGraph(checkpointer: BaseCheckpointSaver, calls: string[] = []) {
  return new StateGraph(Topic)
    .addNode('n1', ({ topic }) => (calls.push('n1'), { a: `a-of-${topic}`, log: ['n1'] }))
    .addNode('n2', ({ a }) => (calls.push('n2'), { b: `b-of-${a}`, log: ['n2'] }))
    .addEdge(START, 'n1')
    .addEdge('n1', 'n2')
    .addEdge('n2', END)
    .compile({ checkpointer })
}

/** A checkpoint of the history by what is next. */
async function pastOf(
  app: Pick<ReturnType<typeof topicGraph>, 'getStateHistory'>,
  config: RunnableConfig,
  next: string,
): Promise<RunnableConfig> {
  for await (const state of app.getStateHistory(config)) if (state.next.join() === next) return state.config
  throw new Error(`No checkpoint comes before ${next}.`)
}

scenario(
  'updateState on an old checkpoint, then invoke(null), runs the fork',
  async (checkpointer) => {
    const app = topicGraph(checkpointer)
    const config = newThread()
    await app.invoke({ topic: 'ONE' }, config)
    const old = await pastOf(app, config, '__start__')
    const fork = await app.updateState(old, { topic: 'FORK' }, START)
    const result = await app.invoke(null, fork)
    return { result, stored: (await app.getState(config)).values }
  },
  {
    result: { topic: 'FORK', a: 'a-of-FORK', b: 'b-of-a-of-FORK', log: ['n1', 'n2'] },
    stored: { topic: 'FORK', a: 'a-of-FORK', b: 'b-of-a-of-FORK', log: ['n1', 'n2'] },
  },
)

scenario(
  'invoke with an old checkpoint id returns and stores its own branch, and leaves the others as they are',
  async (checkpointer) => {
    const app = topicGraph(checkpointer)
    const config = newThread()
    await app.invoke({ topic: 'ONE' }, config)
    const one = (await app.getState(config)).config
    await app.invoke({ topic: 'TWO' }, config)
    const two = (await app.getState(config)).config
    const result = await app.invoke({ topic: 'THREE' }, one)
    const states = await Promise.all(
      [config, one, two].map(async (at) => (await app.getState(at)).values as { topic: string; b: string }),
    )
    return { result, topics: states.map(({ topic }) => topic), bs: states.map(({ b }) => b) }
  },
  {
    result: { topic: 'THREE', a: 'a-of-THREE', b: 'b-of-a-of-THREE', log: ['n1', 'n2', 'n1', 'n2'] },
    topics: ['THREE', 'ONE', 'TWO'],
    bs: ['b-of-a-of-THREE', 'b-of-a-of-ONE', 'b-of-a-of-TWO'],
  },
)

scenario(
  'a replay of a node with another outcome is stored as it came out',
  async (checkpointer) => {
    let runs = 0
    const app = new StateGraph(Topic)
      .addNode('n1', () => ({ a: `run${++runs}` }))
      .addNode('n2', ({ a, b }) => ({ b: `${b ?? ''}${a}.` }))
      .addEdge(START, 'n1')
      .addEdge('n1', 'n2')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ topic: 'x' }, config)
    const old = await pastOf(app, config, 'n1')
    const replayed = await app.invoke(null, old)
    const stored = (await app.getState(config)).values
    const next = await app.invoke({ topic: 'y' }, config)
    return [replayed, stored, next].map(({ a, b }) => [a, b])
  },
  [
    ['run2', 'run2.'],
    ['run2', 'run2.'],
    ['run3', 'run2.run3.'],
  ],
)

scenario(
  'updateState that applies the pending writes of another task keeps them',
  async (checkpointer) => {
    const State = Annotation.Root({
      x: Annotation<string>({ reducer: last }),
      done: Annotation<string>({ reducer: last }),
      log: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
    })
    const app = new StateGraph(State)
      .addNode('fast', () => ({ done: 'fast', log: ['fast'] }))
      .addNode('ask', () => ({ x: interrupt<string, string>('?'), log: ['ask'] }))
      .addEdge(START, 'fast')
      .addEdge(START, 'ask')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ log: ['in'] }, config)
    await app.updateState(config, { x: 'human' }, 'ask')
    const { values, next } = await app.getState(config)
    return { values, next, after: await app.invoke(null, config) }
  },
  {
    values: { x: 'human', done: 'fast', log: ['in', 'fast'] },
    next: [],
    after: { x: 'human', done: 'fast', log: ['in', 'fast'] },
  },
)

const Delta = Annotation.Root({
  items: new DeltaChannel<string[], string[]>((all: string[], writes: string[][]) => all.concat(...writes), {
    snapshotFrequency: 3,
  }) as never,
  n: Annotation<number>({ reducer: last, default: () => 0 }),
})
const deltaGraph = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(Delta)
    .addNode('par', ({ n }: { n: number }) => ({ items: [`par${n}`], n: n + 1 }) as never)
    .addNode('ask', () => ({ items: [`ask ${interrupt<string, string>('?')}`] }) as never)
    .addEdge(START, 'par')
    .addEdge(START, 'ask')
    .compile({ checkpointer })

scenario(
  'a DeltaChannel with pending deltas has them all',
  async (checkpointer) => {
    const app = deltaGraph(checkpointer)
    const config = newThread()
    const states: unknown[] = []
    for (let turn = 0; turn < 4; turn++) {
      await app.invoke({ items: [`in${turn}`] } as never, config)
      states.push((await app.getState(config)).values)
      await app.invoke(new Command({ resume: `${turn}` }), config)
      states.push((await app.getState(config)).values)
    }
    return (states.at(-1) as { items: string[] }).items.toSorted()
  },
  [0, 1, 2, 3].flatMap((turn) => [`ask ${turn}`, `in${turn}`, `par${turn}`]).toSorted(),
)

scenario(
  'exit durability without progress puts the loaded checkpoint again, and nothing is lost',
  async (checkpointer) => {
    let fails = true
    const app = new StateGraph(Topic)
      .addNode('n1', ({ topic }) => {
        if (fails) throw new Error('not yet')
        return { a: `a-of-${topic}`, log: ['n1'] }
      })
      .addEdge(START, 'n1')
      .compile({ checkpointer })
    const config = newThread()
    const exit = { ...config, durability: 'exit' as const }
    await app.updateState(config, { topic: 'seed', log: ['seed'] }, START)
    const before = (await collect(app.getStateHistory(config))).map(({ values, next, parentConfig }) => [
      values,
      next,
      parentConfig !== undefined,
    ])
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(app.invoke(null, exit), /not yet/)
    const states = await collect(app.getStateHistory(config))
    const during = states.map(({ values, next, parentConfig }) => [values, next, parentConfig !== undefined])
    assert.deepEqual(during, before)
    for (const state of states) {
      assert.notEqual(state.parentConfig?.configurable?.['checkpoint_id'], state.config.configurable?.['checkpoint_id'])
    }
    fails = false
    return app.invoke(null, exit)
  },
  { topic: 'seed', a: 'a-of-seed', log: ['seed', 'n1'] },
  false,
)

scenario(
  'a copy of a checkpoint has its values and what comes next, and its own future',
  async (checkpointer) => {
    const app = topicGraph(checkpointer)
    const config = newThread()
    await app.invoke({ topic: 'ONE' }, config)
    const states = await collect(app.getStateHistory(config))
    const copies: unknown[] = []
    for (const state of states) {
      const copy = await app.updateState(state.config, null, '__copy__')
      const { values, next } = await app.getState(copy)
      copies.push([values, next])
    }
    assert.deepEqual(
      copies,
      states.map(({ values, next }) => [values, next]),
    )
    const copyOfFirst = await app.updateState(states.at(-1)!.config, null, '__copy__')
    return app.invoke(null, copyOfFirst)
  },
  { topic: 'ONE', a: 'a-of-ONE', b: 'b-of-a-of-ONE', log: ['n1', 'n2'] },
)

scenario(
  'two invokes at once on one thread return and store their own',
  async (checkpointer) => {
    const app = topicGraph(checkpointer)
    const config = newThread()
    await app.invoke({ topic: 'ZERO' }, config)
    const results = await Promise.all(['P', 'Q'].map((topic) => app.invoke({ topic }, config)))
    const states = await collect(app.getStateHistory(config))
    const ends = states.filter(({ next }) => next.length === 0).map(({ values }) => [values.topic, values.a, values.b])
    const head = (await app.getState(config)).values as { topic: string; b: string }
    assert.equal(head.b, `b-of-a-of-${head.topic}`)
    assert.match(head.topic, /^[PQ]$/)
    return {
      results: results.map(({ topic, b }) => [topic, b]),
      ends: ends.toSorted(([a = ''], [b = '']) => a.localeCompare(b)),
    }
  },
  {
    results: [
      ['P', 'b-of-a-of-P'],
      ['Q', 'b-of-a-of-Q'],
    ],
    ends: ['P', 'Q', 'ZERO'].map((topic) => [topic, `a-of-${topic}`, `b-of-a-of-${topic}`]),
  },
)

scenario(
  'a turn by a host whose clock is 10 s behind is the head, and the next turn continues from it',
  async (checkpointer) => {
    const app = topicGraph(checkpointer)
    const config = newThread()
    await app.invoke({ topic: 'ONE' }, config)
    const first = (await app.getState(config)).config.configurable?.['checkpoint_id'] as string
    const { now } = Date
    vi.spyOn(Date, 'now').mockImplementation(() => now() - 10_000)
    try {
      await app.invoke({ topic: 'TWO' }, config)
    } finally {
      vi.restoreAllMocks()
    }
    const second = (await app.getState(config)).config.configurable?.['checkpoint_id'] as string
    assert.ok(second < first, 'the slow host makes a smaller id')
    const third = await app.invoke({ topic: 'THREE' }, config)
    return third.log.length
  },
  6,
  false,
)
