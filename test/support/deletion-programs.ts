/** Graphs of every kind, as programs of one or more calls. Each says where it is, so that something can happen there. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  Annotation,
  Command,
  DeltaChannel,
  END,
  entrypoint,
  getPreviousState,
  interrupt,
  Send,
  START,
  StateGraph,
  task,
  type BaseCheckpointSaver,
} from '@langchain/langgraph'
import { textOf } from './checkpoints.ts'

/** Awaited at the beginning and at the end of each node. */
export type Tick = () => Promise<void>

export interface Program {
  readonly app: { invoke(input: never, options: object): Promise<unknown> }
  /** What the calls are given, one after the other; an interrupt separates two of them, or the end of a turn. */
  readonly inputs: readonly unknown[]
}

const strings = () => Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] })
const State = Annotation.Root({ text: Annotation<string>, log: strings() })
const DeltaState = Annotation.Root({
  text: Annotation<string>,
  log: () =>
    new DeltaChannel<string[], string[]>((all, writes) => all.concat(...writes), {
      snapshotFrequency: 3,
      initialValueFactory: () => [],
    }),
})

type Update = Partial<typeof State.State>
type Work = (state: typeof State.State, config: RunnableConfig) => unknown

/** Long enough to be parts. */
const textAfter = (name: string) => textOf(name.length + name.charCodeAt(0), 700)
const TURNS = [
  { text: 'one', log: ['in 1'] },
  { text: 'two', log: ['in 2'] },
] as const
const RESUMED = [TURNS[0], new Command({ resume: 'yes' })] as const

class Builder {
  readonly #tick: Tick
  readonly #ms: number
  readonly checkpointer: BaseCheckpointSaver

  constructor(checkpointer: BaseCheckpointSaver, tick: Tick, ms: number) {
    this.checkpointer = checkpointer
    this.#tick = tick
    this.#ms = ms
  }

  /** A node that takes its time, if it is to be slow. */
  node(name: string, work: Work = () => ({})): (state: typeof State.State, config: RunnableConfig) => Promise<Update> {
    return async (state, config) => {
      await this.#tick()
      const update = await work(state, config)
      if (this.#ms > 0) await sleep(this.#ms)
      await this.#tick()
      if (update instanceof Command) return update as never
      return { text: textAfter(name), log: [name], ...(update as Update) }
    }
  }

  /** Nodes or graphs in a row. */
  row(steps: Readonly<Record<string, unknown>>, own?: true | BaseCheckpointSaver) {
    const graph = new StateGraph(State) as unknown as StateGraph<typeof State, object, object, string>
    const names = Object.keys(steps)
    for (const name of names) graph.addNode(name, steps[name] as never)
    graph.addEdge(START, names[0]!)
    names.slice(1).forEach((name, i) => graph.addEdge(names[i]!, name))
    return graph.compile(own === undefined ? {} : { checkpointer: own })
  }

  nodes(...names: string[]): Record<string, unknown> {
    return Object.fromEntries(names.map((name) => [name, this.node(name)]))
  }
}

const asking: Work = () => ({ log: [`asked ${interrupt<string, string>('?')}`] })

/** By name; each makes a new program, as a compiled graph belongs to one checkpointer. */
const MAKERS: Readonly<Record<string, (b: Builder) => Program>> = {
  'nodes in a row': (b) => ({ app: b.row(b.nodes('a', 'b', 'c', 'd', 'e'), b.checkpointer), inputs: TURNS }),

  'a stateful subgraph': (b) => {
    const inner = b.row(b.nodes('x', 'y', 'z'), true)
    return { app: b.row({ a: b.node('a'), inner, b: b.node('b') }, b.checkpointer), inputs: TURNS }
  },

  'a subgraph': (b) => {
    const inner = b.row(b.nodes('x', 'y'))
    return { app: b.row({ a: b.node('a'), inner, b: b.node('b') }, b.checkpointer), inputs: TURNS }
  },

  'a stateful subgraph in a subgraph': (b) => {
    const inner = b.row(b.nodes('x', 'y'), true)
    const middle = b.row({ m: b.node('m'), inner })
    return { app: b.row({ a: b.node('a'), middle, b: b.node('b') }, b.checkpointer), inputs: TURNS }
  },

  'a subgraph called in a node': (b) => {
    const inner = b.row(b.nodes('x', 'y'))
    const outer = b.node('outer', async ({ text }) => ({ log: (await inner.invoke({ text, log: [] })).log }))
    return { app: b.row({ a: b.node('a'), outer }, b.checkpointer), inputs: TURNS }
  },

  'a stateful subgraph called in a node with its config': (b) => {
    const inner = b.row(b.nodes('x', 'y'), true)
    const outer = b.node('outer', async ({ text }, config) => ({
      log: (await inner.invoke({ text, log: [] }, config)).log,
    }))
    return { app: b.row({ a: b.node('a'), outer, b: b.node('b') }, b.checkpointer), inputs: TURNS }
  },

  'an interrupt': (b) => ({
    app: b.row({ a: b.node('a'), ask: b.node('ask', asking), b: b.node('b') }, b.checkpointer),
    inputs: RESUMED,
  }),

  'an interrupt in a stateful subgraph': (b) => {
    const inner = b.row({ x: b.node('x'), ask: b.node('ask', asking), y: b.node('y') }, true)
    return { app: b.row({ a: b.node('a'), inner, b: b.node('b') }, b.checkpointer), inputs: RESUMED }
  },

  'commands, also to the parent': (b) => {
    const up = new Command({ graph: Command.PARENT, goto: 'c', update: { log: ['up'] } })
    const inner = new StateGraph(State)
      .addNode('x', b.node('x'))
      .addNode('leave', b.node('leave', () => up) as never)
      .addEdge(START, 'x')
      .addEdge('x', 'leave')
      .compile({ checkpointer: true })
    const app = new StateGraph(State)
      .addNode('a', b.node('a', () => new Command({ goto: 'inner', update: { log: ['go'] } })) as never, {
        ends: ['inner'],
      })
      .addNode('inner', inner, { ends: ['c'] })
      .addNode('c', b.node('c'))
      .addEdge(START, 'a')
      .addEdge('c', END)
      .compile({ checkpointer: b.checkpointer })
    return { app, inputs: TURNS }
  },

  'a DeltaChannel': (b) => {
    const graph = new StateGraph(DeltaState)
      .addNode('a', b.node('a') as never)
      .addNode('b', b.node('b') as never)
      .addNode('c', b.node('c') as never)
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .addEdge('b', 'c')
    return { app: graph.compile({ checkpointer: b.checkpointer }), inputs: TURNS }
  },

  functions: (b) => {
    const work = b.node('work')
    const step = task('step', async (n: number) => ((await work({ text: '', log: [] }, {})).log ?? []).concat(`${n}`))
    const app = entrypoint({ checkpointer: b.checkpointer, name: 'main' }, async (n: number) => {
      const [first, second] = await Promise.all([step(n), step(n + 1)])
      const answer = n === 2 ? interrupt<string, string>('?') : ''
      return [...(getPreviousState<string[]>() ?? []), ...first, ...second, ...(await step(n + 2)), answer]
    })
    return { app, inputs: [1, 2, new Command({ resume: 'yes' })] }
  },

  'sends to parallel tasks': (b) => {
    const app = new StateGraph(State)
      .addNode(
        'one',
        b.node('one', ({ text }) => ({ log: [`one ${text}`] })),
      )
      .addNode('after', b.node('after'))
      .addConditionalEdges(
        START,
        () => Array.from({ length: 5 }, (_, i) => new Send('one', { text: `${i}`, log: [] })),
        ['one'],
      )
      .addEdge('one', 'after')
      .compile({ checkpointer: b.checkpointer })
    return { app, inputs: TURNS }
  },

  'parallel subgraphs': (b) => {
    const app = new StateGraph(
      Annotation.Root({ text: Annotation<string>({ reducer: (_, next) => next }), log: strings() }),
    )
      .addNode('left', b.row(b.nodes('x', 'y'), true))
      .addNode('right', b.row(b.nodes('x', 'y')))
      .addNode('after', b.node('after'))
      .addEdge(START, 'left')
      .addEdge(START, 'right')
      .addEdge(['left', 'right'], 'after')
      .compile({ checkpointer: b.checkpointer })
    return { app, inputs: TURNS }
  },

  'an update of its own state by a node': (b) => {
    const app = b.row(
      {
        a: b.node('a'),
        b: b.node('b', async (_, config) => void (await app.updateState(config, { log: ['updated'] }, 'a'))),
        c: b.node('c'),
      },
      b.checkpointer,
    )
    return { app, inputs: TURNS }
  },

  'a node that fails, and is tried again': (b) => {
    let fails = 0
    const app = b.row(
      {
        a: b.node('a'),
        bad: b.node('bad', () => {
          if (fails++ % 2 === 0) throw new Error('on purpose')
          return {}
        }),
        c: b.node('c'),
      },
      b.checkpointer,
    )
    return { app, inputs: [TURNS[0], null] }
  },
}

export const PROGRAMS: readonly string[] = Object.keys(MAKERS)

/** @param ms how long a node works */
export function makeProgram(name: string, checkpointer: BaseCheckpointSaver, tick: Tick, ms: number): Program {
  return MAKERS[name]!(new Builder(checkpointer, tick, ms))
}
