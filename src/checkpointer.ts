/**
 * THE STORY: what LangGraph asks of a checkpointer, one method a question, one line a stage.
 *
 *   put:       address → encode → (the thread's turn) → store → offer new parts to the tier
 *   getTuple:  address → read head, manifest, writes → parts: tier, then store → decode
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
import type { ValueLimits } from './codec/value.ts'
import { InvalidInputError } from './errors.ts'
import { Lineage } from './lineage.ts'
import { parseListQuery } from './list-query.ts'
import type { Store } from './store/store.ts'
import { ThreadTurns } from './thread-turns.ts'
import { readThrough, type PartTier } from './tiers/part-tier.ts'

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
}

/** What both classes are: the story over a store, with a tier in front. */
export abstract class Checkpointer extends BaseCheckpointSaver {
  readonly #store: Store
  readonly #tier: PartTier
  readonly #codec: CheckpointCodec
  readonly #lineage = new Lineage()
  readonly #turns = new ThreadTurns()

  constructor(store: Store, tier: PartTier, options: CheckpointerOptions) {
    super(options.serde)
    this.#codec = new CheckpointCodec(options)
    this.serde = this.#codec.serde
    this.#store = store
    this.#tier = tier
  }

  /**
   * The checkpoint at the config's address, or the head of its namespace, with its pending writes. Fresh objects.
   * @returns undefined where there is none, or no thread id is given
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.['thread_id'] === undefined) return undefined
    const address = parseAddress(config)
    const { generation, checkpoint, parts: brought } = await this.#store.read(address)
    if (checkpoint === undefined) return void this.#lineage.seeNothing(address, generation)
    this.#lineage.see(checkpoint.address, generation)
    const parsed = this.#codec.parse(checkpoint)
    const parts = await this.#bring(address.threadId, parsed.nodes, brought)
    this.#store.know(address.threadId, generation, parts.keys())
    return this.#codec.decodeTuple(parsed, parts)
  }

  /**
   * Checkpoints with their pending writes, last committed first; without a thread id, of all threads, greatest
   * checkpoint id first. Nothing is held between two results.
   */
  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    for await (const page of this.#store.list(parseListQuery(config, options))) {
      const parsed = page.map((stored) => this.#codec.parse(stored))
      const threadId = page[0]?.address.threadId ?? ''
      const parts = await this.#bring(threadId, parsed.flatMap(({ nodes }) => nodes))
      for (const checkpoint of parsed) yield await this.#codec.decodeTuple(checkpoint, parts)
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
      const { verdict, generation } = await this.#store.put(record)
      if (verdict === 'deleted') return
      if (lineage === undefined) this.#lineage.see(address, generation)
      this.#tier.put(record.parts.values())
    })
    return toConfig(address)
  }

  /** Stores what a task wrote, beside a checkpoint that may come later. Special channels are replaced, others kept. */
  override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const address = requireCheckpoint(parseAddress(config))
    const encoded = this.#codec.encodeWrites(writes)
    requireId('taskId', taskId)
    if (writes.length === 0) return
    const record = { ...(await encoded), address, taskId, lineage: this.#lineage.ofWrites(address) }
    const { verdict } = await this.#store.putWrites(record)
    if (verdict === 'stored') this.#tier.put(record.parts.values())
  }

  /** Removes all of a thread. A run that is still going on can't bring it back; a new run starts afresh. */
  override async deleteThread(threadId: string): Promise<void> {
    requireId('threadId', threadId)
    await this.#turns.run(threadId, () => this.#store.deleteThread(threadId))
  }

  /** For each channel, what its ancestors wrote since one of them held a value; one statement. */
  override async getDeltaChannelHistory(options: {
    config: RunnableConfig
    channels: string[]
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config, channels } = options
    if (channels.length === 0) return {}
    const address = parseAddress(config)
    const histories = await this.#store.history(address, channels.map(historyChannel))
    return this.#codec.decodeHistories(channels, histories, (nodes) => this.#bring(address.threadId, nodes))
  }

  #bring(threadId: string, nodes: readonly Node[], brought: readonly Part[] = []): Promise<Parts> {
    return readThrough(nodes, brought, this.#tier, (names) => this.#store.readParts(threadId, names))
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

function requireCheckpoint(address: Address): CheckpointAddress {
  if (address.checkpointId === undefined) {
    throw new InvalidInputError(
      'configurable.checkpoint_id',
      'is missing. putWrites needs the id of the checkpoint that the task ran from.',
    )
  }
  return { ...address, checkpointId: address.checkpointId }
}
