/** A store is who must have the data. It keeps records as they are; what they mean is the checkpointer's business. */
import type { Address, CheckpointAddress } from '../address.ts'
import type { PartSet } from '../codec/encode.ts'
import type { Part, PartName } from '../codec/part.ts'

/** A checkpoint as `put` hands it over, encoded. */
export interface CheckpointRecord {
  readonly address: CheckpointAddress
  /** The parent; equal to the checkpoint's own id when LangGraph puts a checkpoint again. */
  readonly parentId: string | undefined
  readonly runId: string | undefined
  /** JSON: v first, then ts, channel_versions, versions_seen and whatever else the checkpoint had. */
  readonly header: string
  readonly manifest: string
  /** Manifest lines that are kept only if the namespace holds the same line already (contract 1.4, the exception). */
  readonly conditional: readonly string[]
  /** JSON that jsonb can hold. */
  readonly metadata: string
  /** Of all of the above: the same id and digest again is a repeat. */
  readonly digest: string
  /** All parts that manifest and conditional lines name directly, and the index parts' items. */
  readonly parts: PartSet
  /** The thread's generation when the run began; undefined: unknown. */
  readonly lineage: number | undefined
  /** The fencing token that the writer claims, if any. */
  readonly fence?: number | undefined
}

/** What one task wrote beside a checkpoint. */
export interface WritesRecord {
  readonly address: CheckpointAddress
  readonly taskId: string
  /** The task's place in the graph, in a form that Postgres's text can hold; `''` for input, `Command` and callers that pass none. */
  readonly taskPath: string
  readonly writes: readonly WriteRecord[]
  readonly parts: PartSet
  readonly lineage: number | undefined
}

export interface WriteRecord {
  /** Below 0: a special channel, replaced by the next write of that channel; else the place in the call, kept. */
  readonly idx: number
  readonly channel: string
  /** The JSON text of a node. */
  readonly value: string
}

/** `replaced`: same id, new content. `deleted`: the run began before deleteThread, nothing was written. */
export type Verdict = 'stored' | 'duplicate' | 'replaced' | 'fenced' | 'deleted'

export interface PutResult {
  readonly verdict: Verdict
  /** The checkpoint's place in the thread's order of commits; 0 where nothing is stored. */
  readonly seq: number
  readonly generation: number
  /** Of the record's parts those that were sent, as they were not known to be stored. */
  readonly newParts: readonly Part[]
}

export interface WritesResult {
  readonly verdict: 'stored' | 'deleted'
  readonly generation: number
  readonly newParts: readonly Part[]
}

export interface StoredWrite extends WriteRecord {
  readonly taskId: string
  readonly taskPath: string
}

/** A checkpoint as it was stored. */
export interface StoredCheckpoint {
  readonly address: CheckpointAddress
  readonly parentId: string | undefined
  readonly seq: number
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  /** By task path, task id (both bytewise), then idx. */
  readonly writes: readonly StoredWrite[]
  /** For a checkpoint of format < 4 with a parent: the parent's writes of `__pregel_tasks`, in the same order. */
  readonly sends: readonly StoredWrite[]
}

export interface Reading {
  /** 0: the thread does not exist. */
  readonly generation: number
  readonly checkpoint: StoredCheckpoint | undefined
  /** Parts that came along. */
  readonly parts: readonly Part[]
}

export interface ListQuery {
  readonly threadId: string | undefined
  readonly ns: string | undefined
  readonly checkpointId: string | undefined
  readonly before: string | undefined
  /** A JSON text that metadata must contain, as jsonb's `@>` means it. */
  readonly filter: string | undefined
  readonly limit: number | undefined
}

/** For one channel: the writes of its ancestors, oldest first, and the node it started from. */
export interface StoredHistory {
  readonly writes: readonly StoredWrite[]
  /** The manifest of the nearest ancestor that holds the channel. */
  readonly seedManifest: string | undefined
}

/** A channel as a store looks for it. */
export interface HistoryChannel {
  /** As in `writes`. */
  readonly channel: string
  /** The beginning of its line in a manifest. */
  readonly manifestKey: string
}

/** A signal ends the waiting for a read; see Purpose in pg/retry.ts on why writes have none. */
export interface Store {
  put(record: CheckpointRecord): Promise<PutResult>
  putWrites(record: WritesRecord): Promise<WritesResult>
  /**
   * One checkpoint, or the head, as of one snapshot; with its parts, where the store sees that this process has none
   * and `withParts` (default true) does not say that they may be elsewhere.
   */
  read(address: Address, signal?: AbortSignal, withParts?: boolean): Promise<Reading>
  /** The parts with these names and all that their index parts lead to; silent about those it does not have. */
  readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]>
  /** A checkpoint read in this generation names these parts: a later put needn't send them. */
  know(threadId: string, generation: number, parts: Iterable<Part>): void
  /** Page by page. Last committed first within a thread; over all threads, greatest checkpoint id first. */
  list(query: ListQuery, signal?: AbortSignal): AsyncIterable<readonly StoredCheckpoint[]>
  history(
    address: Address,
    channels: readonly HistoryChannel[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, StoredHistory>>
  /** The names of a thread's parts; of very many, some. */
  partNames(threadId: string): Promise<readonly PartName[]>
  deleteThread(threadId: string): Promise<void>
}
