/**
 * A store must have what it acknowledged. It keeps records as they are; what they mean is the codec's business, and which
 * parts it holds already is what `KnownThreads` remembers.
 */
import type { Address, CheckpointAddress } from '../address.ts'
import type {
  EncodedCheckpoint,
  HistoryChannel,
  StoredCheckpoint,
  StoredHistory,
  StoredWrite,
} from '../codec/record.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { Budget } from '../deadline.ts'
import type { ListQuery } from './list-query.ts'
import type { Proof } from './proof.ts'

/** What a writer sends beside its record, and what it relies on. */
export interface Delivery {
  /** The thread's generation when the writer's run began; null: the call belongs to no known run, and is never late. */
  readonly runGeneration: number | null
  /** The generation in which the parts that are left out were stored; null: all parts come along. */
  readonly generation: number | null
  /** Commits on which the knowledge rests that the others are stored. Where one is missing, the verdict is `generation`. */
  readonly proofs: readonly Proof[]
  /** The record's parts that are not known to be stored. */
  readonly newParts: readonly Part[]
}

/** A checkpoint to be committed. */
export interface CheckpointRecord extends Omit<EncodedCheckpoint, 'parts'> {
  readonly address: CheckpointAddress
  /** The parent; equal to the checkpoint's own id when LangGraph puts a checkpoint again. */
  readonly parentId: string | undefined
  readonly runId: string | undefined
}

/** What one task wrote beside a checkpoint, to be committed. */
export interface WritesRecord {
  readonly address: CheckpointAddress
  readonly writes: readonly StoredWrite[]
}

/**
 * - `stored` it is there now
 * - `duplicate` the same id with the same digest was there already: a repeat, and success
 * - `replaced` the same id with other content was there: the content is replaced, the first parent and seq stay
 * - `generation` nothing was written, as parts that were left out may be gone: send all of them
 * - `deleted` nothing was written, as the writer's run began before the thread was deleted
 */
export type Verdict = 'stored' | 'duplicate' | 'replaced' | 'generation' | 'deleted'

/** All that a caller may be told in the end. */
export type FinalVerdict = Exclude<Verdict, 'generation'>

export interface Answer<V extends Verdict = Verdict> {
  readonly verdict: V
  /** The checkpoint's place in the thread's order of commits; 0 where there is none. */
  readonly seq: number
  /** The thread's generation, in microseconds since the epoch; 0 where the thread does not exist. */
  readonly generation: number
}

export type WritesVerdict = 'stored' | 'generation' | 'deleted'

/** What a read found, as of one snapshot. */
export interface Reading {
  /** In microseconds since the epoch; 0: the thread does not exist. */
  readonly generation: number
  readonly checkpoint: StoredCheckpoint | undefined
  /** Parts that came along; perhaps not all that the checkpoint leads to. */
  readonly parts: readonly Part[]
}

/** How a call is carried out. */
export interface CallOptions {
  /** Ends a read at once. Writes have none: one that is under way may be stored already. */
  readonly signal?: AbortSignal | undefined
  /** What is left of the time that the caller's operation may take. @default the store's own limits, from now */
  readonly budget?: Budget | undefined
}

/** What a store may have to know of the reader, to choose the form of its answer. */
export interface ReadOptions extends CallOptions {
  /** Whether the reader may have parts of this thread already, or can get them from a cache. */
  readonly mayHaveParts: boolean
}

/**
 * All methods reject with `UnavailableError` where the server can't be reached for as long as the limits allow, and with
 * the server's own error where another attempt would not help.
 */
export interface Store {
  /** Safe to repeat: the same id with the same digest is a `duplicate`. */
  commit(record: CheckpointRecord, delivery: Delivery, options?: CallOptions): Promise<Answer>
  /** Safe to repeat: an ordinary write stays as it was first stored, a special one is replaced by itself. */
  commitWrites(record: WritesRecord, delivery: Delivery, options?: CallOptions): Promise<Answer<WritesVerdict>>
  /**
   * The checkpoint at the address, or the head of its namespace. A store may send parts with it to a reader that has none,
   * which saves a round trip.
   */
  read(address: Address, options: ReadOptions): Promise<Reading>
  /** The parts with these names and, if it can, all that their index parts lead to; silent about those it does not have. */
  readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]>
  /** Page by page. Last committed first within a thread; over all threads, greatest checkpoint id first. */
  list(query: ListQuery, options?: CallOptions): AsyncIterable<readonly StoredCheckpoint[]>
  /** For each channel, what the ancestors of the address wrote since one of them held a value. */
  history(
    address: Address,
    channels: readonly HistoryChannel[],
    options?: CallOptions,
  ): Promise<ReadonlyMap<string, StoredHistory>>
  /**
   * Removes all of a thread. Safe to repeat: nothing that was stored after it is removed by a repeat.
   * @param namesWanted of how many of its parts the names are wanted, at the most
   * @returns names of parts that were removed
   */
  deleteThread(threadId: string, namesWanted: number, options?: CallOptions): Promise<readonly PartName[]>
}
