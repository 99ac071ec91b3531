/**
 * THE STORY: what LangGraph asks of a checkpointer, one method a question, one line a stage.
 *
 *   put:       address → encode → (the thread's turn) → store → offer new parts to the tiers
 *   getTuple:  address → read head, manifest, writes → parts: LRU → Redis → store → decode
 */
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
import { parseAddress, requireId, runIdOf, toConfig, type Address, type CheckpointAddress } from './address.ts'
import { CheckpointCodec, historyChannel } from './codec/checkpoint-codec.ts'
import type { Parts } from './codec/decode.ts'
import type { Node } from './codec/format.ts'
import type { Part } from './codec/part.ts'
import type { ClassCodec, LostClass, ValueLimits } from './codec/value.ts'
import { within } from './deadline.ts'
import { InvalidInputError, PartMissingError } from './errors.ts'
import { Lineage } from './lineage.ts'
import { parseListQuery } from './list-query.ts'
import type { Store } from './store/store.ts'
import { ThreadTurns } from './thread-turns.ts'
import { PartLadder } from './tiers/part-ladder.ts'
import type { PartTier } from './tiers/part-tier.ts'

/** What `list` aims to hold of checkpoints that it has not given yet, in characters; one checkpoint may have more. */
const LISTED_CHARS = 8 * 1024 * 1024

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

/** What both classes are: the story over a store, with tiers in front. */
export abstract class Checkpointer extends BaseCheckpointSaver {
  readonly #store: Store
  readonly #tiers: PartLadder
  readonly #codec: CheckpointCodec
  readonly #lineage = new Lineage()
  readonly #turns = new ThreadTurns()

  /**
   * @param tiers nearest first
   * @param onLostClass is told once of each class whose instances are stored as plain data
   */
  constructor(
    store: Store,
    tiers: readonly PartTier[],
    options: CheckpointerOptions,
    onLostClass?: (lost: LostClass) => void,
  ) {
    super(options.serde)
    this.#codec = new CheckpointCodec({ ...options, onLostClass })
    this.serde = this.#codec.serde
    this.#store = store
    this.#tiers = new PartLadder(tiers)
  }

  /**
   * The checkpoint at the config's address, or the head of its namespace, with its pending writes. Fresh objects.
   * @returns undefined where there is none, or no thread id is given
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.['thread_id'] === undefined) return undefined
    return this.#read(parseAddress(config), config.signal)
  }

  /**
   * Checkpoints with their pending writes, last committed first; without a thread id, of all threads, greatest
   * checkpoint id first. Nothing is held between two results.
   */
  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    let atATime = 1
    for await (const page of this.#store.list(parseListQuery(config, options), config.signal)) {
      const checkpoints = page.map((stored) => this.#codec.parse(stored))
      for (let from = 0; from < checkpoints.length;) {
        const next = checkpoints.slice(from, from + atATime)
        const nodes = next.flatMap((checkpoint) => checkpoint.nodes)
        const parts = await this.#bring(next[0]?.stored.address.threadId ?? '', nodes, config.signal)
        for (const checkpoint of next) {
          const tuple = await this.#codec.decodeTuple(checkpoint, parts).catch((error: unknown) => {
            // Removed since the page was read, perhaps; then it is left out.
            if (error instanceof PartMissingError) return this.#read(checkpoint.stored.address, config.signal)
            throw error
          })
          if (tuple !== undefined) yield tuple
        }
        from += next.length
        atATime = Math.max(1, Math.min(next.length * 2, Math.floor((next.length * LISTED_CHARS) / sizeOf(parts))))
      }
    }
  }

  /**
   * Stores a checkpoint. What was put is what will be read, whatever the versions say; the same id again replaces the
   * content and keeps the first parent. Dropped without an error: what a run sends after its thread was deleted.
   */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const parent = parseAddress(config)
    const address = { ...parent, checkpointId: requireId('checkpoint.id', checkpoint.id) }
    const runId = runIdOf(config)
    const encoded = this.#codec.encodeCheckpoint(checkpoint, metadata, newVersions, parent.checkpointId === undefined)
    // A caller's serializer may reject while this put waits for its turn; that is awaited below, and not unhandled here.
    if (encoded instanceof Promise) encoded.catch(() => {})
    await this.#turns.run(address.threadId, async () => {
      const lineage = this.#lineageOfPut(parent, metadata)
      if (lineage !== undefined) this.#lineage.inherit(address, lineage)
      const record = { ...(await encoded), address, parentId: parent.checkpointId, runId, lineage }
      const { verdict, generation, newParts } = await this.#store.put(record)
      if (verdict === 'deleted') return
      if (lineage === undefined) this.#lineage.see(address, generation)
      if (verdict !== 'fenced') this.#tiers.offer(address.threadId, newParts)
    })
    return toConfig(address)
  }

  /** Stores what a task wrote, beside a checkpoint that may come later. Special channels are replaced, others kept. */
  override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const address = requireCheckpoint(parseAddress(config))
    requireId('taskId', taskId)
    const encoded = this.#codec.encodeWrites(writes)
    if (writes.length === 0) return
    const record = { ...(await encoded), address, taskId, lineage: this.#lineage.ofWrites(address) }
    const { verdict, newParts } = await this.#store.putWrites(record)
    if (verdict === 'stored') this.#tiers.offer(address.threadId, newParts)
  }

  /** Removes all of a thread. A run that is still going on can't bring it back; a new run starts afresh. */
  override async deleteThread(threadId: string): Promise<void> {
    requireId('threadId', threadId)
    await this.#turns.run(threadId, async () => {
      const names = this.#tiers.asksBeforeStore() ? await this.#store.partNames(threadId) : []
      await this.#store.deleteThread(threadId)
      this.#tiers.forget(threadId, names)
    })
  }

  /** For each channel, what its ancestors wrote since one of them held a value; one statement. */
  override async getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config } = options
    const channels = [...new Set(options.channels)]
    if (channels.length === 0) return {}
    const address = parseAddress(config)
    const read = async () => {
      const histories = await this.#store.history(address, channels.map(historyChannel), config.signal)
      return this.#codec.decodeHistories(channels, histories, (nodes) =>
        this.#bring(address.threadId, nodes, config.signal),
      )
    }
    return read().catch((error: unknown) => {
      // Removed since it was read, perhaps; then there is less to read now.
      if (error instanceof PartMissingError) return read()
      throw error
    })
  }

  async #read(address: Address, signal: AbortSignal | undefined): Promise<CheckpointTuple | undefined> {
    for (let failedAt = -1; ;) {
      const {
        generation,
        checkpoint,
        parts: brought,
      } = await this.#store.read(address, signal, !this.#tiers.asksBeforeStore())
      if (checkpoint === undefined) {
        this.#lineage.seeNothing(address, generation)
        return undefined
      }
      this.#lineage.see(checkpoint.address, generation)
      const parsed = this.#codec.parse(checkpoint)
      const parts = await this.#bring(address.threadId, parsed.nodes, signal, brought)
      try {
        const tuple = await this.#codec.decodeTuple(parsed, parts)
        this.#store.know(address.threadId, generation, parts.values())
        return tuple
      } catch (error) {
        // Parts that were there with the checkpoint and then were not: the thread was deleted or pruned in between.
        if (!(error instanceof PartMissingError) || generation === failedAt) throw error
        failedAt = generation
      }
    }
  }

  #bring(
    threadId: string,
    nodes: readonly Node[],
    signal?: AbortSignal,
    brought: readonly Part[] = [],
  ): Promise<Parts> {
    const parts = this.#tiers.bring(threadId, nodes, brought, (names) => this.#store.readParts(threadId, names))
    return within(parts, { signal })
  }

  /** A subgraph's first checkpoint has no parent; it belongs to the run of the root checkpoint that it works for. */
  #lineageOfPut(parent: Address, metadata: CheckpointMetadata): number | undefined {
    if (parent.checkpointId !== undefined) return this.#lineage.of(parent)
    const root: unknown = metadata?.parents?.['']
    return parent.ns !== '' && typeof root === 'string'
      ? this.#lineage.of({ threadId: parent.threadId, ns: '', checkpointId: root })
      : undefined
  }
}

function sizeOf(parts: Parts): number {
  let size = 1
  for (const part of parts.values()) size += part.size
  return size
}

function requireCheckpoint(address: Address): CheckpointAddress {
  if (address.checkpointId === undefined) {
    throw new InvalidInputError(
      'configurable.checkpoint_id',
      'is missing. putWrites needs the id of the checkpoint that the task ran from.',
    )
  }
  return { ...address, checkpointId: address.checkpointId }
}
