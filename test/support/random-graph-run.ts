import assert from 'node:assert/strict'
import { Command, type BaseCheckpointSaver, type Interrupt, type StateSnapshot } from '@langchain/langgraph'
import { collect } from './checkpoints.ts'
import { buildGraph, type GraphPlan } from './random-graphs.ts'

/** Instances that share a store. */
export interface Processes {
  /** Who runs the next invoke: the one that has run the thread so far, or another one, which knows only what is stored. */
  runner(isElsewhere: boolean): BaseCheckpointSaver
  /** One that knows only what is stored. */
  reader(): BaseCheckpointSaver
}

/**
 * Runs a plan on a thread. Gives what another instance read after each invoke, and the history that it reads at the end.
 *
 * @throws AssertionError if an invoke returned other values than another instance reads
 */
export async function runGraph(plan: GraphPlan, processes: Processes, threadId: string): Promise<unknown[]> {
  const thread = { configurable: { thread_id: threadId } }
  const seen: unknown[] = []
  for (const [turn, { durability, answersAtOnce, isElsewhere }] of plan.turns.entries()) {
    let input: unknown = { turn }
    while (input !== undefined) {
      const runner = buildGraph(plan, processes.runner(isElsewhere))
      const { __interrupt__: asked = [], ...live } = await runner.invoke(input as never, { ...thread, durability })
      const state = await buildGraph(plan, processes.reader()).getState(thread, { subgraphs: true })
      assert.deepEqual(state.values, live)
      const questions = (asked as Interrupt<string>[]).toSorted((a, b) => (a.value! < b.value! ? -1 : 1))
      seen.push([comparable(state), questions.map(({ value }) => value)])
      const answers = questions.slice(0, answersAtOnce).map(({ id, value }) => [id, `to ${value}`])
      input = answers.length > 0 ? new Command({ resume: Object.fromEntries(answers) }) : undefined
    }
  }
  const history = await collect(buildGraph(plan, processes.reader()).getStateHistory(thread))
  return [...seen, history.map(comparable)]
}

function questionsOf({ tasks }: StateSnapshot): string[] {
  return tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => String(value))).toSorted()
}

/** A state without its ids and times, which are others in every run. */
function comparable(state: StateSnapshot): unknown {
  const { values, next, metadata, tasks } = state
  const inside = tasks.map((task) => [
    task.name,
    task.state === undefined || !('values' in task.state) ? undefined : comparable(task.state),
  ])
  return { values, next, source: metadata?.source, step: metadata?.step, questions: questionsOf(state), inside }
}
