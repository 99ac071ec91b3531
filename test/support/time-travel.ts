/** Random graphs with subgraphs, and random journeys into their past, told so that two checkpointers can be compared. */
import { randomUUID } from 'node:crypto'
import { Annotation, Command, interrupt, START, StateGraph, type BaseCheckpointSaver } from '@langchain/langgraph'
import { collect } from './checkpoints.ts'

export type Durability = 'async' | 'sync' | 'exit'

/** What a subgraph keeps: its own state from turn to turn, or only that of the turn. */
type Memory = true | undefined

interface GraphPlan {
  /** How many nodes stand before each subgraph, and the nodes in it. */
  readonly subgraphs: readonly { readonly before: number; readonly nodes: number; readonly memory: Memory }[]
  /** Whether the last of them has a stateful subgraph in itself. */
  readonly isNested: boolean
  /** Whether the last node of the first one asks a question. */
  readonly asks: boolean
}

type Move =
  /** Another turn. */
  | { readonly kind: 'turn' }
  /** Run from an earlier state, as it was or changed. */
  | { readonly kind: 'replay' | 'fork'; readonly to: number; readonly as: 'a0' | undefined }
  /** Run from an earlier state with another input. */
  | { readonly kind: 'branch'; readonly to: number }

export interface Journey {
  readonly graph: GraphPlan
  readonly moves: readonly Move[]
}

export function anyJourney(random: () => number): Journey {
  const below = (n: number) => Math.floor(random() * n)
  const subgraphs = Array.from({ length: 1 + below(2) }, () => ({
    before: below(2),
    nodes: 1 + below(3),
    memory: below(3) > 0 ? (true as const) : undefined,
  }))
  const moves = Array.from({ length: 5 }, (_, i): Move => {
    if (i < 2) return { kind: 'turn' }
    const to = below(12)
    const kind = (['turn', 'replay', 'replay', 'fork', 'fork', 'branch'] as const)[below(6)]!
    if (kind === 'turn') return { kind }
    return kind === 'branch' ? { kind, to } : { kind, to, as: below(2) === 0 ? 'a0' : undefined }
  })
  return { graph: { subgraphs, isNested: below(3) === 0, asks: below(3) === 0 }, moves }
}

const list = () => Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] })
const last = (_: number, next: number): number => next
const Outer = Annotation.Root({ log: list(), sum: Annotation<number>({ reducer: last, default: () => 1 }) })
/** `sum` is the parent's, too; it depends on what the subgraph remembered. */
const Inner = Annotation.Root({ memory: list(), sum: Annotation<number>({ reducer: last, default: () => 1 }) })

function compileGraph({ subgraphs, isNested, asks }: GraphPlan, checkpointer: BaseCheckpointSaver) {
  const inner = (nodes: number, memory: Memory, more: Record<string, unknown>) => {
    const remember = ({ memory: known, sum }: typeof Inner.State) => ({
      memory: [`${known.length}`],
      sum: (sum * 31 + known.length) % 1_000_003,
    })
    const steps = Object.fromEntries(Array.from({ length: nodes }, (_, i) => [`x${i}`, remember]))
    return rowOf(Inner, { ...steps, ...more }).compile(memory === undefined ? {} : { checkpointer: memory })
  }
  const steps: Record<string, unknown> = { a0: ({ sum }: typeof Outer.State) => ({ log: [`a0 ${sum}`] }) }
  subgraphs.forEach(({ before, nodes, memory }, s) => {
    for (let i = 0; i < before; i++) steps[`b${s}${i}`] = () => ({ log: [`b${s}${i}`] })
    const question = asks && s === 0 ? { ask: () => ({ memory: [interrupt<string, string>('?')] }) } : {}
    const nested = isNested && s === subgraphs.length - 1 ? { nested: inner(2, true, {}) } : {}
    steps[`sub${s}`] = inner(nodes, memory, { ...nested, ...question })
  })
  steps['end'] = ({ sum }: typeof Outer.State) => ({ log: [`end ${sum}`] })
  return rowOf(Outer, steps).compile({ checkpointer })
}

function rowOf(state: typeof Outer | typeof Inner, steps: Readonly<Record<string, unknown>>) {
  const graph = new StateGraph(state) as unknown as StateGraph<typeof Outer, object, object, string>
  const names = Object.keys(steps)
  for (const name of names) graph.addNode(name, steps[name] as never)
  graph.addEdge(START, names[0]!)
  names.slice(1).forEach((name, i) => graph.addEdge(names[i]!, name))
  return graph
}

/** Makes the journey; tells after each move what came of it, and at the end all that is stored. Ids are left out. */
export async function travel(
  { graph, moves }: Journey,
  checkpointer: BaseCheckpointSaver,
  durability: Durability,
): Promise<string[]> {
  const app = compileGraph(graph, checkpointer)
  const config = { configurable: { thread_id: randomUUID() } }
  const told: string[] = []
  const run = async (input: unknown, from: object) => {
    let result: unknown
    try {
      result = await app.invoke(input as never, { ...from, durability })
      for (let answers = 0; answers < 3 && (await app.getState(config)).next.length > 0; answers++)
        result = await app.invoke(new Command({ resume: `${answers}` }), { ...config, durability })
    } catch (error) {
      result = `failed: ${(error as Error).message}`
    }
    return result
  }
  for (const [turn, move] of moves.entries()) {
    const input = { log: [`turn ${turn}`] }
    let result: unknown
    if (move.kind === 'turn') {
      result = await run(input, config)
    } else {
      const states = await collect(app.getStateHistory(config))
      let from = states[move.to % states.length]!.config
      if (move.kind === 'fork') from = await app.updateState(from, { log: [`fork ${turn}`] }, move.as).catch(() => from)
      result = await run(move.kind === 'branch' ? input : null, from)
    }
    const { values, next, tasks, metadata } = await app.getState(config, { subgraphs: true })
    const states = tasks.map(({ name, interrupts, state }) => [name, interrupts.length, state])
    told.push(line(`after ${JSON.stringify(move)}`, [result, values, next, metadata?.step, states]))
  }
  for (const { values, next, metadata, tasks } of await collect(app.getStateHistory(config)))
    told.push(line('state', [values, next, metadata?.source, metadata?.step, tasks.map(({ name }) => name)]))
  const stored = await collect(checkpointer.list({ configurable: { thread_id: config.configurable.thread_id } }))
  const inSubgraphs = stored
    .filter((tuple) => tuple.config.configurable?.['checkpoint_ns'] !== '')
    .map(({ config: { configurable }, checkpoint, metadata }) =>
      line(`stored ${configurable?.['checkpoint_ns']}`, [metadata?.source, metadata?.step, checkpoint.channel_values]),
    )
  return [...told, ...inSubgraphs.toSorted()]
}

function line(what: string, of: unknown): string {
  return `${what}: ${JSON.stringify(of)}`
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}/g, '*')
    .replaceAll(/"createdAt":"[^"]*"/g, '')
}
