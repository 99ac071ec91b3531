/** What is stored, as types: checkpoints, pending writes and histories in the form in which every store keeps them. */
import type { CheckpointAddress } from '../address.ts'
import type { PartSet } from './encode.ts'

/** A checkpoint, encoded. */
export interface EncodedCheckpoint {
  /** JSON: v first, then ts, channel_versions, versions_seen and whatever else the checkpoint had. */
  readonly header: string
  readonly manifest: string
  /** Manifest lines that are kept only if the namespace holds the same line already (contract rule 5). */
  readonly conditional: readonly string[]
  /** JSON that jsonb can hold. */
  readonly metadata: string
  /** Of all of the above, as `checkpointDigest` makes it: the same id and digest again is a repeat. */
  readonly digest: string
  /** All parts that manifest and conditional lines name directly, and the index parts' items. */
  readonly parts: PartSet
}

/** One pending write of a task. */
export interface WriteRecord {
  /** Below 0: a special channel, replaced by the next write of that channel; else the place in the call, kept. */
  readonly idx: number
  /** In a form that Postgres's text can hold; see jsonb-text.ts. */
  readonly channel: string
  /** The JSON text of a node. */
  readonly value: string
}

/** A pending write as it was stored. */
export interface StoredWrite extends WriteRecord {
  readonly taskId: string
  /** The task's place in the graph, in the same form as `channel`; `''` for input, `Command` and callers that pass none. */
  readonly taskPath: string
  /** As `writeDigest` made it. */
  readonly digest: string
}

/** A pending write, encoded, with the parts that its value leads to. */
export interface EncodedWrite extends StoredWrite {
  readonly parts: PartSet
}

/** What one task wrote in one call, without repeats of an index. */
export type EncodedWrites = readonly EncodedWrite[]

/** A checkpoint as it was stored. */
export interface StoredCheckpoint {
  readonly address: CheckpointAddress
  readonly parentId: string | undefined
  /** The checkpoint's place in the order of the thread's commits: 1, 2, 3 … */
  readonly seq: number
  readonly digest: string
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  /** In the order in which LangGraph applied them: see `inOrderOfExecution`. */
  readonly writes: readonly StoredWrite[]
  /** For a checkpoint of format < 4 with a parent: the parent's writes of `__pregel_tasks`, in the same order. */
  readonly sends: readonly StoredWrite[]
}

/** For one channel: the writes of its ancestors, oldest first, and the value that they started from. */
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
