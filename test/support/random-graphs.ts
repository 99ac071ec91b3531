/** Random graphs of all that makes LangGraph store writes beside each other: fan-outs, subgraphs, deltas, questions. */
import {
  Annotation,
  DeltaChannel,
  interrupt,
  Send,
  START,
  StateGraph,
  type BaseCheckpointSaver,
} from '@langchain/langgraph'
import type { RunnableConfig } from '@langchain/core/runnables'
import fc from 'fast-check'
import { hasLangGraph } from './langgraph-line.ts'

/**
 * LangGraph 1.4 applies what parallel nodes write to a DeltaChannel in the order of their task ids, which are others in every
 * run, and with durability exit it applies the writes before an interrupt twice, whatever the checkpointer. So there the
 * reducers are such that the order does not matter, and no run has durability exit.
 */
const hasTaskPaths = hasLangGraph(7)

type Durability = 'async' | 'sync' | 'exit'
const DURABILITIES: readonly Durability[] = hasTaskPaths ? ['async', 'sync', 'exit'] : ['async', 'sync']
const CHANNELS = ['items', 'notes', 'log', 'marks'] as const

/** What a node does: asks that many questions, one after the other, then writes to those channels. */
interface NodePlan {
  readonly questions: number
  readonly writes: readonly (typeof CHANNELS)[number][]
}

/** What runs in one superstep. */
type Stage =
  | { readonly kind: 'nodes'; readonly nodes: readonly NodePlan[] }
  | { readonly kind: 'sends'; readonly nodes: readonly NodePlan[] }
  | {
      readonly kind: 'subgraph'
      readonly memory: boolean
      readonly isCalled: boolean
      readonly stages: readonly Stage[]
    }

interface Turn {
  readonly durability: Durability
  /** How many of the pending questions the next resume answers, at least one. */
  readonly answersAtOnce: number
  /** Whether another process, which has seen nothing of the thread, runs this turn. */
  readonly isElsewhere: boolean
}

export interface GraphPlan {
  readonly stages: readonly Stage[]
  readonly snapshotFrequency: number
  readonly turns: readonly Turn[]
}

const NODE: fc.Arbitrary<NodePlan> = fc.record({
  questions: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) },
  ),
  writes: fc.subarray([...CHANNELS]),
})
const FAN_OUT: fc.Arbitrary<Stage> = fc.record({
  kind: fc.constantFrom('nodes', 'sends'),
  nodes: fc.array(NODE, { minLength: 1, maxLength: 4 }),
})
const SUBGRAPH = (inner: fc.Arbitrary<Stage>): fc.Arbitrary<Stage> =>
  fc.record({
    kind: fc.constant('subgraph' as const),
    memory: fc.boolean(),
    isCalled: fc.boolean(),
    stages: fc.array(inner, { minLength: 1, maxLength: 2 }),
  })
const INNER: fc.Arbitrary<Stage> = fc.oneof(
  { weight: 4, arbitrary: FAN_OUT },
  { weight: 1, arbitrary: SUBGRAPH(FAN_OUT) },
)
const STAGE: fc.Arbitrary<Stage> = fc.oneof(
  { weight: 3, arbitrary: FAN_OUT },
  { weight: 1, arbitrary: SUBGRAPH(INNER) },
)

/** Any graph, and what is done with it. */
export const GRAPHS: fc.Arbitrary<GraphPlan> = fc.record({
  stages: fc.array(STAGE, { minLength: 1, maxLength: 2 }),
  snapshotFrequency: fc.constantFrom(1, 2, 3, 1000),
  turns: fc.array(
    fc.record({
      durability: fc.constantFrom(...DURABILITIES),
      answersAtOnce: fc.constantFrom(1, 2, 100),
      isElsewhere: fc.boolean(),
    }),
    { minLength: 1, maxLength: 2 },
  ),
})

type Marks = Readonly<Record<string, string>>

function addItems(all: readonly string[], writes: readonly string[][]): string[] {
  const items = all.concat(...writes)
  return hasTaskPaths ? items : items.toSorted()
}

function addNotes(all: Marks, writes: readonly Marks[]): Marks {
  const notes: Record<string, string> = { ...all }
  for (const [key, note] of writes.flatMap((write) => Object.entries(write))) {
    if (hasTaskPaths || notes[key] === undefined || notes[key] < note) notes[key] = note
  }
  if (hasTaskPaths) return notes
  return Object.fromEntries(
    Object.keys(notes)
      .toSorted()
      .map((key) => [key, notes[key]!]),
  )
}

const TURN = Annotation<number>({ reducer: (_, next) => next, default: () => 0 })
const LIST = Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] })
const MARKS = Annotation<Marks>({ reducer: (all, more) => ({ ...all, ...more }), default: () => ({}) })
const stateWith = (snapshotFrequency: number) =>
  Annotation.Root({
    turn: TURN,
    // DeltaChannels: a list, and a dictionary in which the last writer of a key wins.
    items: new DeltaChannel<string[], string[]>(addItems, { snapshotFrequency }),
    notes: new DeltaChannel<Marks, Marks>(addNotes, {
      snapshotFrequency,
      initialValueFactory: () => ({}),
    }),
    log: LIST,
    marks: MARKS,
    reports: LIST,
  })
type State = ReturnType<typeof stateWith>['State']

/** Builds the graph of a plan. Of the same plan, it does the same with every checkpointer. */
export function buildGraph(plan: GraphPlan, checkpointer: BaseCheckpointSaver) {
  return build(plan.stages, stateWith(plan.snapshotFrequency), '').compile({ checkpointer })
}

function build(stages: readonly Stage[], state: ReturnType<typeof stateWith>, prefix: string) {
  // A subgraph takes and gives little, else its parent would add to a list what it has lent.
  const graph: StateGraph<any, any, any, string> =
    prefix === ''
      ? new StateGraph(state)
      : new StateGraph(state, { input: Annotation.Root({ turn: TURN }), output: Annotation.Root({ reports: LIST }) })
  let before: string = START
  for (const [position, stage] of stages.entries()) {
    const name = `${prefix}${position}`
    const join = `${name}join`
    graph.addNode(join, () => ({}))
    if (stage.kind === 'nodes') {
      for (const [index, node] of stage.nodes.entries()) {
        graph.addNode(`${name}${'abcd'[index]}`, work(`${name}${'abcd'[index]}`, node))
        graph.addEdge(before, `${name}${'abcd'[index]}`).addEdge(`${name}${'abcd'[index]}`, join)
      }
    } else if (stage.kind === 'sends') {
      graph.addNode(name, ({ turn, index }: State & { index: number }) =>
        work(`${name}#${index}`, stage.nodes[index]!)({ turn, items: [] } as never),
      )
      const fanOut = ({ turn }: State): Send[] => stage.nodes.map((_, index) => new Send(name, { turn, index }))
      graph.addConditionalEdges(before, fanOut, [name]).addEdge(name, join)
    } else {
      const subgraph = build(stage.stages, state, `${name}.`).compile(stage.memory ? { checkpointer: true } : {})
      graph.addNode(
        name,
        stage.isCalled
          ? ({ turn }: State, config: RunnableConfig) => subgraph.invoke({ turn }, config)
          : (subgraph as never),
      )
      graph.addEdge(before, name).addEdge(name, join)
    }
    before = join
  }
  if (prefix !== '') {
    graph.addNode(`${prefix}report`, ({ items, notes, log, marks, reports }: State) => ({
      reports: [JSON.stringify([prefix, items, notes, log, marks, reports.length])],
    }))
    graph.addEdge(before, `${prefix}report`)
  }
  return graph
}

/** A node that tells, in each channel, who wrote in which turn, how much it saw, and what it was answered. */
function work(name: string, { questions, writes }: NodePlan) {
  return ({ turn, items }: State) => {
    const answers = Array.from({ length: questions }, (_, index) => interrupt<string, string>(`${name}?${index}`))
    const said = [name, turn, items.length, ...answers].join(' ')
    const each = {
      items: [`${said} first`, `${said} second`],
      notes: { shared: said, [name]: `${turn}` },
      log: [said],
      marks: { shared: said, [name]: `${turn}` },
    }
    return Object.fromEntries(writes.map((channel) => [channel, each[channel]]))
  }
}
