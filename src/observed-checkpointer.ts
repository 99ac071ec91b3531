/** The story, counted, and told to those who listen: what each method did and how long it took, never what it carried. */
import type { RunnableConfig } from '@langchain/core/runnables'
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  DeltaChannelHistory,
  PendingWrite,
} from '@langchain/langgraph-checkpoint'
import { Checkpointer, type CheckpointerOptions } from './checkpointer.ts'
import { isTraced, trace, traceEach, type Subject } from './diagnostics.ts'
import type { Meter, Operation } from './stats.ts'
import type { Store } from './store/store.ts'
import type { PartTier } from './tiers/part-tier.ts'

export abstract class ObservedCheckpointer extends Checkpointer {
  readonly #meter: Meter

  constructor(store: Store, tiers: readonly PartTier[], options: CheckpointerOptions, meter: Meter) {
    super(store, tiers, options)
    this.#meter = meter
  }

  override getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#observe('getTuple', config, () => super.getTuple(config))
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    this.#meter.began('list')
    const work = () => super.list(config, options)
    yield* isTraced('list') ? traceEach(this.#subject('list', config), work) : work()
  }

  override put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    return this.#observe('put', config, () => super.put(config, checkpoint, metadata, newVersions), checkpoint?.id)
  }

  override putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string, taskPath?: string): Promise<void> {
    return this.#observe('putWrites', config, () => super.putWrites(config, writes, taskId, taskPath))
  }

  override deleteThread(threadId: string): Promise<void> {
    return this.#observe('deleteThread', { configurable: { thread_id: threadId } }, () => super.deleteThread(threadId))
  }

  override getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    return this.#observe('getDeltaChannelHistory', options.config, () => super.getDeltaChannelHistory(options))
  }

  #observe<Result>(
    operation: Operation,
    config: RunnableConfig,
    work: () => Promise<Result>,
    checkpointId?: unknown,
  ): Promise<Result> {
    this.#meter.began(operation)
    return isTraced(operation) ? trace(this.#subject(operation, config, checkpointId), work) : work()
  }

  /** As the caller gave it; what can't be an id is left out. */
  #subject(
    operation: Operation,
    config: RunnableConfig,
    checkpointId: unknown = config?.configurable?.['checkpoint_id'],
  ): Subject {
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    const { thread_id: threadId, checkpoint_ns: ns } = config?.configurable ?? {}
    return {
      operation,
      checkpointer: this.constructor.name,
      address: { threadId: text(threadId), ns: text(ns) ?? '', checkpointId: text(checkpointId) },
    }
  }
}
