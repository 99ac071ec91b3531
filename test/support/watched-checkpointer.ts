import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver, Checkpoint, PendingWrite } from '@langchain/langgraph-checkpoint'

interface WatchedPut {
  readonly ns: string
  readonly checkpoint: Checkpoint
  readonly metadata: unknown
}

interface WatchedWrites {
  readonly ns: string
  readonly checkpointId: string
  readonly writes: readonly PendingWrite[]
  readonly taskId: string
  readonly taskPath: string | undefined
}

export interface Watched {
  /** To be given to LangGraph. */
  readonly checkpointer: BaseCheckpointSaver
  /** What LangGraph gave to each, as it was at that time. */
  readonly puts: WatchedPut[]
  readonly putWrites: WatchedWrites[]
  /** The configurable of each getTuple. */
  readonly getTuples: Record<string, unknown>[]
}

/** Notes what LangGraph asks of a checkpointer. `beforePut` runs before a put is passed on. */
export function watch(
  target: BaseCheckpointSaver,
  beforePut: (config: RunnableConfig) => Promise<void> = async () => {},
): Watched {
  const watched = {
    puts: [] as WatchedPut[],
    putWrites: [] as WatchedWrites[],
    getTuples: [] as Record<string, unknown>[],
  }
  const nsOf = (config: RunnableConfig): string => (config.configurable?.['checkpoint_ns'] as string | undefined) ?? ''
  const put: BaseCheckpointSaver['put'] = async (config, checkpoint, metadata, newVersions) => {
    watched.puts.push({ ns: nsOf(config), ...structuredClone({ checkpoint, metadata }) })
    await beforePut(config)
    return target.put(config, checkpoint, metadata, newVersions)
  }
  const putWrites = async (config: RunnableConfig, writes: PendingWrite[], taskId: string, taskPath?: string) => {
    const checkpointId = config.configurable?.['checkpoint_id'] as string
    watched.putWrites.push({ ns: nsOf(config), checkpointId, writes: structuredClone(writes), taskId, taskPath })
    return target.putWrites(config, writes, taskId, taskPath)
  }
  const getTuple: BaseCheckpointSaver['getTuple'] = async (config) => {
    watched.getTuples.push({ ...config.configurable })
    return target.getTuple(config)
  }
  const replaced: Record<string | symbol, unknown> = { put, putWrites, getTuple }
  const checkpointer = new Proxy(target, {
    get: (_, name) => {
      const value: unknown = replaced[name] ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
  return { checkpointer, ...watched }
}
