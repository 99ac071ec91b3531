/** The functions of sql/functions/checkpoints.sql that are called from outside. */
import type { Json, Jsons } from '../function.ts'

/** The verdicts of each function stand above it, in sql/. */
export type VerdictTuple = readonly [verdict: string, seq: number, generation: number]
/** A write as `reading_1` gives it. */
export type WriteTuple = readonly [
  taskId: string,
  idx: number,
  channel: string,
  value: string,
  taskPath: string,
  digest: string,
]
/** `reading_1`: a checkpoint with its writes, in no order. */
export type ReadingTuple = readonly [
  id: string,
  ns: string,
  parentId: string | null,
  seq: number,
  digest: string,
  header: string,
  manifest: string,
  metadata: string,
  writes: readonly WriteTuple[] | null,
  sends: readonly WriteTuple[] | null,
]
/** Of a checkpoint that is not there, the reading is null. */
export type HeadTuple = readonly [generation: number, reading: ReadingTuple | null]
export type ThreadReadingTuple = readonly [threadId: string, reading: ReadingTuple]
/** The writes of the oldest ancestor first. */
export type HistoryTuple = readonly [
  channel: string,
  seedManifest: string | null,
  writes: readonly (readonly [taskId: string, idx: number, value: string, taskPath: string, digest: string])[] | null,
]

/** Stores a checkpoint. */
export const put = {
  name: 'put_1',
  answers: 'json' as Json<VerdictTuple>,
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    parent: 'text null',
    run: 'text null',
    header: 'text',
    manifest: 'text',
    conditional: 'text[]',
    metadata: 'text',
    digest: 'text',
    generations: 'Generations',
    proofs: 'Proofs',
    parts: 'Parts',
  },
} as const

/** Stores what a task wrote. */
export const putWrites = {
  name: 'put_writes_1',
  answers: 'json' as Json<VerdictTuple>,
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    task: 'text',
    path: 'text',
    idx: 'integer[]',
    channels: 'text[]',
    values: 'text[]',
    digests: 'text[]',
    generations: 'Generations',
    proofs: 'Proofs',
    parts: 'Parts',
  },
} as const

/** Stores parts ahead of the record that will name them. */
export const putParts = {
  name: 'put_parts_1',
  answers: 'json' as Json<VerdictTuple>,
  parameters: { tenant: 'text', thread: 'text', generations: 'Generations', parts: 'Parts' },
} as const

/** A checkpoint, or the head of a namespace; undefined where there is no such thread. */
export const head = {
  name: 'head_1',
  answers: 'json' as Json<HeadTuple | undefined>,
  parameters: { tenant: 'text', thread: 'text', ns: 'text', checkpoint: 'text null' },
} as const

/** The same with parts; the first row has the JSON text of a HeadTuple for a body. */
export const read = {
  name: 'read_1',
  answers: 'parts',
  parameters: { tenant: 'text', thread: 'text', ns: 'text', checkpoint: 'text null', parts: 'integer' },
} as const

/** Parts by name, and those that index parts lead to. */
export const parts = {
  name: 'parts_1',
  answers: 'parts',
  parameters: { tenant: 'text', thread: 'text', names: 'text[]', limit: 'integer' },
} as const

/** A page of a thread's checkpoints. */
export const list = {
  name: 'list_1',
  answers: 'jsons' as Jsons<ReadingTuple>,
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text null',
    checkpoint: 'text null',
    before: 'text null',
    below_seq: 'bigint null',
    filters: 'jsonb[] null',
    limit: 'integer',
  },
} as const

/** A page of checkpoints over all threads. */
export const listAll = {
  name: 'list_all_1',
  answers: 'jsons' as Jsons<ThreadReadingTuple>,
  parameters: {
    tenant: 'text',
    ns: 'text null',
    checkpoint: 'text null',
    before: 'text null',
    below_id: 'text null',
    below_thread: 'text null',
    below_ns: 'text null',
    filters: 'jsonb[] null',
    needle: 'text null',
    limit: 'integer',
  },
} as const

/** What the ancestors of a checkpoint wrote to some channels. */
export const history = {
  name: 'history_1',
  answers: 'jsons' as Jsons<HistoryTuple>,
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text null',
    channels: 'text[]',
    keys: 'text[]',
  },
} as const
