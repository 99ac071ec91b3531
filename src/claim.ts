/** What a caller says about itself: which run a call belongs to. Read from the config here, and nowhere else. */
import type { RunnableConfig } from '@langchain/core/runnables'
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons'
import { requireId } from './address.ts'

export interface Claim {
  /** LangGraph's or LangSmith's id of the run, where the config has one. */
  readonly runId: string | undefined
  /**
   * An object that all calls of one run share, and no two runs; undefined for a call of no run. Held weakly: it says in
   * which generation of a thread the run began, so that what it writes after deleteThread is recognised.
   */
  readonly run: object | undefined
}

/** The run from within whose node a call is made; undefined outside of any, and where the node's graph runs on the thread. */
export function surroundingRun(threadId: string): object | undefined {
  const config = AsyncLocalStorageProviderSingleton.getRunnableConfig() as RunnableConfig | undefined
  return config === undefined || config.configurable?.['thread_id'] === threadId ? undefined : runOf(config)
}

/** @throws InvalidInputError where a run id is no key */
export function parseClaim(config: RunnableConfig): Claim {
  return { runId: runIdOf(config), run: runOf(config) }
}

function runIdOf(config: RunnableConfig): string | undefined {
  const id: unknown = config.configurable?.['run_id'] ?? config.metadata?.['run_id'] ?? config.runId
  return typeof id === 'string' && id !== '' ? requireId('configurable.run_id', id) : undefined
}

/**
 * LangGraph makes a stream writer and, since 1.4, a run control for each run, and hands both to every subgraph, from the
 * first read to the last write, whatever the durability. (A signal does not serve: each subgraph has one of its own, and
 * `updateState` passes on the caller's.)
 */
function runOf(config: RunnableConfig): object | undefined {
  const { writer, control } = config as { writer?: unknown; control?: unknown }
  if (isObject(writer)) return writer
  return isObject(control) ? control : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}
