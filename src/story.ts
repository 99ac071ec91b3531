/**
 * THE STORY: what LangGraph asks of a checkpointer, one method a question, one line a stage.
 *
 *   put:       address, claim → encode → (the thread's turn) → store commits what is not known to be stored → tiers are offered it
 *   getTuple:  address, claim → store reads head, manifest, writes → parts: LRU → Redis → store → decode
 */
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
import {
  namesThread,
  parseAddress,
  requireCheckpointAddress,
  requireId,
  requireTaskPath,
  toConfig,
  type Address,
  type CheckpointAddress,
} from './address.ts'
import { parseClaim, surroundingRun } from './claim.ts'
import { historyChannel, type CheckpointCodec, type ParsedCheckpoint } from './codec/checkpoint-codec.ts'
import type { Node } from './codec/format.ts'
import type { Part, Parts } from './codec/part.ts'
import { within, type Budget } from './deadline.ts'
import { PartMissingError, UnavailableError, type OperationAddress } from './errors.ts'
import type { Meter } from './observe/meter.ts'
import { toCheckpointCommit, toWritesCommit } from './store/commits.ts'
import { KnownThreads, type Delivered } from './store/known-threads.ts'
import { learnReading } from './store/learn-reading.ts'
import { parseListQuery } from './store/list-query.ts'
import { readable } from './store/readable.ts'
import type { Delivery, Store } from './store/store.ts'
import { ThreadTurns } from './store/thread-turns.ts'
import type { PartLadder } from './tiers/part-ladder.ts'

/** Names are asked for to remove parts from a cache, which forgets by itself, too. */
const NAMES_FOR_CACHES = 50_000

export interface StoryPorts {
  readonly store: Store
  readonly tiers: PartLadder
  readonly codec: CheckpointCodec
  readonly meter: Meter
  /** How long an operation that begins now may take. */
  readonly newBudget: () => Budget
}

export class Story {
  readonly #store: Store
  readonly #tiers: PartLadder
  readonly #codec: CheckpointCodec
  readonly #meter: Meter
  readonly #newBudget: () => Budget
  readonly #known = new KnownThreads()
  readonly #turns = new ThreadTurns()

  constructor({ store, tiers, codec, meter, newBudget }: StoryPorts) {
    this.#store = store
    this.#tiers = tiers
    this.#codec = codec
    this.#meter = meter
    this.#newBudget = newBudget
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (!namesThread(config)) return undefined
    const address = parseAddress(config)
    const { run } = parseClaim(config)
    return this.#read(address, run, config.signal)
  }

  async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    const { signal } = config
    yield* readable(this.#store.list(parseListQuery(config, options), { signal }), {
      parse: (stored) => this.#codec.parse(stored),
      bring: (checkpoints) => this.#bringAll(checkpoints, signal),
      decode: (checkpoint, parts) => this.#listed(checkpoint, parts, signal),
    })
  }

  async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const parent = parseAddress(config)
    const { run, runId } = parseClaim(config)
    const address = { ...parent, checkpointId: requireId('checkpoint.id', checkpoint.id) }
    const { threadId } = address
    const place = { address, parentId: parent.checkpointId, runId }
    const isRoot = place.parentId === undefined
    const encoding = awaitedLater(this.#codec.encodeCheckpoint(checkpoint, metadata, newVersions, isRoot))
    await this.#inTurn('put', address, async (budget) => {
      const { record, parts, proofOf } = toCheckpointCommit(await encoding, place)
      const send = (delivery: Delivery) => this.#store.commit(record, delivery, { budget })
      const delivered = await this.#known.commit({ threadId, run }, parts, proofOf, send)
      this.#committed('put', address, delivered)
    })
    return toConfig(address)
  }

  async putWrites(
    config: RunnableConfig,
    writes: readonly PendingWrite[],
    taskId: string,
    taskPath: string,
  ): Promise<void> {
    const address = requireCheckpointAddress(parseAddress(config))
    const { run } = parseClaim(config)
    const { threadId } = address
    requireId('taskId', taskId)
    const encoding = this.#codec.encodeWrites(writes, taskId, requireTaskPath(taskPath))
    if (writes.length === 0) return
    const { record, parts, proofs } = toWritesCommit(await encoding, address)
    const send = (delivery: Delivery) => this.#store.commitWrites(record, delivery)
    const delivered = await this.#known.commitWrites({ threadId, run }, parts, proofs, send)
    this.#committed('putWrites', address, delivered)
  }

  async deleteThread(threadId: string): Promise<void> {
    requireId('threadId', threadId)
    const run = surroundingRun(threadId)
    await this.#inTurn('deleteThread', { threadId }, async (budget) => {
      const namesWanted = this.#tiers.hasUsableFarTier() ? NAMES_FOR_CACHES : 0
      const removed = await this.#store.deleteThread(threadId, namesWanted, { budget })
      this.#tiers.forget(threadId, [...removed, ...this.#known.forget(threadId)])
      this.#known.runBeginsAgain(run, threadId)
    })
  }

  async getDeltaChannelHistory(
    config: RunnableConfig,
    wanted: readonly string[],
  ): Promise<Record<string, DeltaChannelHistory>> {
    const channels = [...new Set(wanted)]
    if (channels.length === 0) return {}
    const address = parseAddress(config)
    const { signal } = config
    const read = async () => {
      const histories = await this.#store.history(address, channels.map(historyChannel), { signal })
      return this.#codec.decodeHistories(address, channels, histories, (nodes) =>
        this.#bring(address.threadId, nodes, signal),
      )
    }
    return read().catch((error: unknown) => {
      // Removed since it was read, perhaps; then there is less to read now.
      if (error instanceof PartMissingError) return read()
      throw error
    })
  }

  #committed(operation: 'put' | 'putWrites', address: CheckpointAddress, delivered: Delivered): void {
    if (delivered.verdict === 'deleted') return this.#meter.dropped(operation, address)
    this.#meter.add('partsReused', delivered.omitted)
    this.#tiers.offer(address.threadId, delivered.newParts)
  }

  async #read(
    address: Address,
    run: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<CheckpointTuple | undefined> {
    const { threadId } = address
    for (let failedAt = -1; ;) {
      const mayHaveParts = this.#known.has(threadId) || this.#tiers.hasUsableFarTier()
      const { generation, checkpoint, parts: brought } = await this.#store.read(address, { mayHaveParts, signal })
      this.#known.runBegan(run, threadId, generation)
      if (checkpoint === undefined) return undefined
      const parsed = this.#codec.parse(checkpoint)
      const parts = await this.#bring(threadId, parsed.nodes, signal, brought)
      try {
        const tuple = await this.#codec.decodeTuple(parsed, parts)
        learnReading(this.#known, generation, parsed, parts)
        return tuple
      } catch (error) {
        // Parts that were there with the checkpoint and then were not: the thread was deleted or pruned in between.
        if (!(error instanceof PartMissingError) || generation === failedAt) throw error
        failedAt = generation
      }
    }
  }

  /** @param parts of this checkpoint and others; undefined where one of them is damaged, so that each is read by itself */
  async #listed(
    checkpoint: ParsedCheckpoint,
    parts: Parts | undefined,
    signal: AbortSignal | undefined,
  ): Promise<CheckpointTuple | undefined> {
    try {
      return await this.#codec.decodeTuple(checkpoint, parts ?? (await this.#bringAll([checkpoint], signal)))
    } catch (error) {
      // Removed since the page was read, perhaps; then it is left out.
      if (!(error instanceof PartMissingError)) throw error
      return this.#read(checkpoint.stored.address, undefined, signal)
    }
  }

  #bringAll(checkpoints: readonly ParsedCheckpoint[], signal: AbortSignal | undefined): Promise<Parts> {
    const nodes = checkpoints.flatMap((checkpoint) => checkpoint.nodes)
    return this.#bring(checkpoints[0]?.stored.address.threadId ?? '', nodes, signal)
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

  /** Waiting for the earlier calls of the thread counts: the operation's time begins when it is called. */
  #inTurn(
    operation: string,
    address: OperationAddress & { readonly threadId: string },
    work: (budget: Budget) => Promise<void>,
  ): Promise<void> {
    const budget = this.#newBudget()
    return this.#turns.run(
      address.threadId,
      budget,
      () => work(budget),
      (cause) =>
        new UnavailableError(
          { outcome: 'not_applied', operation, address, attempts: 0, sqlState: undefined, server: undefined },
          budget.elapsedMs(),
          cause,
          cause,
        ),
    )
  }
}

/** A caller's own serializer may reject while the put waits for its turn: that is not unhandled, as it is awaited then. */
function awaitedLater<Result>(encoding: Result | Promise<Result>): Result | Promise<Result> {
  if (encoding instanceof Promise) encoding.catch(() => {})
  return encoding
}
