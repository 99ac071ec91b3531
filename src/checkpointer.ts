/** LangGraph's door: each method is counted, traced, and told by the story. */
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
  type SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { CheckpointCodec } from './codec/checkpoint-codec.ts'
import type { ClassCodec, ValueLimits } from './codec/value.ts'
import type { Observer } from './observe/observer.ts'
import { SERDE_METHODS } from './options/argument.ts'
import type { OptionNames } from './options/names.ts'
import { requireMethods } from './options/values.ts'
import { Story, type StoryPorts } from './story.ts'

/** Options of every checkpointer. */
export interface CheckpointerOptions {
  /**
   * A serializer of your own for channel values and pending writes. Its bytes are stored as they are, so nothing is
   * shared between the steps of a conversation but equal prefixes. Metadata stays JSON, as filters need it.
   * @default LosslessSerializer, built in
   */
  readonly serde?: SerializerProtocol | undefined
  /** What a single value may be; beyond it, `put` rejects and nothing is stored. */
  readonly limits?: Partial<ValueLimits> | undefined
  /** Your own classes, whose instances come back as themselves; for the built-in serializer. @default none */
  readonly classes?: readonly ClassCodec[] | undefined
  /**
   * What to do with an instance of a class that is neither known nor among `classes`. `data`: what its `toJSON` returns,
   * else its own enumerable properties, are stored and come back as plain data (a subclass of Error, of a message or of
   * a built-in class comes back as that); a process warning says so once a class. `reject`: `put` rejects.
   * @default "data"
   */
  readonly unknownClasses?: 'data' | 'reject' | undefined
}

export const COMMON_OPTIONS: OptionNames<CheckpointerOptions> = {
  serde: true,
  limits: true,
  classes: true,
  unknownClasses: true,
}

/**
 * What both classes are. Every method rejects with an `InvalidInputError` that names the field where an argument can't be
 * used, and with `UnavailableError` where the store can't be reached for as long as the options allow.
 */
export abstract class Checkpointer extends BaseCheckpointSaver {
  readonly #story: Story
  readonly #observer: Observer

  constructor(options: CheckpointerOptions, observer: Observer, ports: Omit<StoryPorts, 'codec'>) {
    if (options.serde !== undefined) requireMethods('serde', options.serde, SERDE_METHODS, 'a serializer')
    const codec = new CheckpointCodec({ ...options, onLostClass: (lost) => ports.meter.lostClass(lost) })
    super(codec.serde)
    this.#story = new Story({ ...ports, codec })
    this.#observer = observer
  }

  /**
   * The checkpoint at the config's address, or the head of its namespace, with its pending writes. Fresh objects.
   * @returns undefined where there is none, or no thread id is given
   * @throws PartMissingError, PartCorruptError, RowCorruptError, UnreadableValueError where what is stored was damaged
   */
  override getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#observer.run('getTuple', config, () => this.#story.getTuple(config))
  }

  /**
   * Checkpoints with their pending writes, last committed first; without a thread id, of all threads, greatest
   * checkpoint id first. Nothing is held between two results.
   * @throws UnreadableCheckpointsError at the end, after all others were given, where some were damaged
   */
  override list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    return this.#observer.each('list', config, () => this.#story.list(config, options))
  }

  /**
   * Stores a checkpoint. What was put is what will be read, whatever the versions say; the same id again replaces the
   * content and keeps the first parent. Dropped without an error: what a run sends after its thread was deleted.
   * @throws UnserializableValueError, TooLargeError where a value can't be stored; nothing is stored then
   */
  override put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const work = () => this.#story.put(config, checkpoint, metadata, newVersions)
    return this.#observer.run('put', config, work, checkpoint?.id)
  }

  /**
   * Stores what a task wrote, beside a checkpoint that may come later. Special channels are replaced, others kept.
   * @param taskPath the task's place in the graph: writes are read by (task path, task id, index), by code point
   * @throws UnserializableValueError, TooLargeError where a value can't be stored; nothing is stored then
   */
  override putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath: string = '',
  ): Promise<void> {
    return this.#observer.run('putWrites', config, () => this.#story.putWrites(config, writes, taskId, taskPath))
  }

  /** Removes all of a thread. A run that is still going on can't bring it back; a new run starts afresh. */
  override deleteThread(threadId: string): Promise<void> {
    const config = { configurable: { thread_id: threadId } }
    return this.#observer.run('deleteThread', config, () => this.#story.deleteThread(threadId))
  }

  /** For each channel, what its ancestors wrote since one of them held a value; one statement. */
  override getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config, channels } = options
    return this.#observer.run('getDeltaChannelHistory', config, () =>
      this.#story.getDeltaChannelHistory(config, channels),
    )
  }
}
