/**
 * The one door to Postgres: every statement at run time, but for those of health() and of migrations, is a call of one of these
 * functions of sql/functions, unnamed, in autocommit. What a function does, its verdicts and why it has its shape stand there, above it.
 */
import type { AnyFunction, PgFunction } from './function.ts'

/** `put_1`, `put_writes_1`, `put_parts_1`. */
export type VerdictTuple<V extends string> = readonly [verdict: V, seq: number, generation: number]
export type Verdict = 'stored' | 'duplicate' | 'replaced' | 'generation' | 'deleted'
export type WritesVerdict = 'stored' | 'generation' | 'deleted'
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
/** `head_1`: null where there is no such checkpoint; undefined, all of it, where there is no such thread. */
export type HeadTuple = readonly [generation: number, reading: ReadingTuple | null]
/** `list_all_1`. */
export type ThreadReadingTuple = readonly [threadId: string, reading: ReadingTuple]
/** `history_1`: the writes of the oldest ancestor first. */
export type HistoryTuple = readonly [
  channel: string,
  seedManifest: string | null,
  writes: readonly (readonly [taskId: string, idx: number, value: string, taskPath: string, digest: string])[] | null,
]
/** `delete_thread_1`. */
export type DeletedTuple = readonly [deleted: boolean, partNames: readonly string[]]

/** Parts as they travel: see part-blob.ts. */
interface PartArguments {
  readonly names: readonly string[]
  readonly offsets: readonly number[]
  readonly blob: Buffer | null
}
const PARTS = { names: 'text[]', offsets: 'integer[]', blob: 'bytea' } as const

interface PutArguments extends PartArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string
  readonly checkpoint: string
  readonly parent: string | null
  readonly run: string | null
  readonly header: string
  readonly manifest: string
  readonly conditional: readonly string[]
  readonly metadata: string
  readonly digest: string
  readonly run_generation: number | null
  readonly generation: number | null
  readonly proof: readonly string[] | null
  readonly write_proof: readonly string[] | null
  readonly more_proofs: string | null
}
/** Stores a checkpoint. */
export const put: PgFunction<PutArguments, VerdictTuple<Verdict>> = {
  name: 'put_1',
  answers: 'json',
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    parent: 'text',
    run: 'text',
    header: 'text',
    manifest: 'text',
    conditional: 'text[]',
    metadata: 'text',
    digest: 'text',
    run_generation: 'bigint',
    generation: 'bigint',
    proof: 'text[]',
    write_proof: 'text[]',
    more_proofs: 'json',
    ...PARTS,
  },
}

interface PutWritesArguments extends PartArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string
  readonly checkpoint: string
  readonly task: string
  readonly path: string
  readonly idx: readonly number[]
  readonly channels: readonly string[]
  readonly values: readonly string[]
  readonly digests: readonly string[]
  readonly run_generation: number | null
  readonly generation: number | null
  readonly proof: readonly string[] | null
  readonly write_proof: readonly string[] | null
  readonly more_proofs: string | null
}
/** Stores what a task wrote. */
export const putWrites: PgFunction<PutWritesArguments, VerdictTuple<WritesVerdict>> = {
  name: 'put_writes_1',
  answers: 'json',
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
    run_generation: 'bigint',
    generation: 'bigint',
    proof: 'text[]',
    write_proof: 'text[]',
    more_proofs: 'json',
    ...PARTS,
  },
}

interface PutPartsArguments extends PartArguments {
  readonly tenant: string
  readonly thread: string
  readonly run_generation: number | null
  readonly generation: number | null
}
/** Stores parts ahead of the record that will name them. */
export const putParts: PgFunction<PutPartsArguments, VerdictTuple<WritesVerdict>> = {
  name: 'put_parts_1',
  answers: 'json',
  parameters: {
    tenant: 'text',
    thread: 'text',
    run_generation: 'bigint',
    generation: 'bigint',
    ...PARTS,
  },
}

interface HeadArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string
  readonly checkpoint: string | null
}
/** A checkpoint, or the head of a namespace. */
export const head: PgFunction<HeadArguments, HeadTuple | undefined> = {
  name: 'head_1',
  answers: 'json',
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
  },
}

interface ReadArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string
  readonly checkpoint: string | null
  readonly parts: number
}
/** The same with parts; the first row has the JSON text of a HeadTuple for a body. */
export const read: PgFunction<ReadArguments> = {
  name: 'read_1',
  answers: 'parts',
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    parts: 'integer',
  },
}

interface PartsArguments {
  readonly tenant: string
  readonly thread: string
  readonly names: readonly string[]
  readonly limit: number
}
/** Parts by name, and those that index parts lead to. */
export const parts: PgFunction<PartsArguments> = {
  name: 'parts_1',
  answers: 'parts',
  parameters: {
    tenant: 'text',
    thread: 'text',
    names: 'text[]',
    limit: 'integer',
  },
}

interface ListArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string | null
  readonly checkpoint: string | null
  readonly before: string | null
  readonly below_seq: number | null
  readonly filters: readonly string[] | null
  readonly limit: number
}
/** A page of a thread's checkpoints. */
export const list: PgFunction<ListArguments, ReadingTuple> = {
  name: 'list_1',
  answers: 'jsons',
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    before: 'text',
    below_seq: 'bigint',
    filters: 'jsonb[]',
    limit: 'integer',
  },
}

interface ListAllArguments {
  readonly tenant: string
  readonly ns: string | null
  readonly checkpoint: string | null
  readonly before: string | null
  readonly below_id: string | null
  readonly below_thread: string | null
  readonly below_ns: string | null
  readonly filters: readonly string[] | null
  readonly needle: string | null
  readonly limit: number
}
/** A page of checkpoints over all threads. */
export const listAll: PgFunction<ListAllArguments, ThreadReadingTuple> = {
  name: 'list_all_1',
  answers: 'jsons',
  parameters: {
    tenant: 'text',
    ns: 'text',
    checkpoint: 'text',
    before: 'text',
    below_id: 'text',
    below_thread: 'text',
    below_ns: 'text',
    filters: 'jsonb[]',
    needle: 'text',
    limit: 'integer',
  },
}

interface HistoryArguments {
  readonly tenant: string
  readonly thread: string
  readonly ns: string
  readonly checkpoint: string | null
  readonly channels: readonly string[]
  readonly keys: readonly string[]
}
/** What the ancestors of a checkpoint wrote to some channels. */
export const history: PgFunction<HistoryArguments, HistoryTuple> = {
  name: 'history_1',
  answers: 'jsons',
  parameters: {
    tenant: 'text',
    thread: 'text',
    ns: 'text',
    checkpoint: 'text',
    channels: 'text[]',
    keys: 'text[]',
  },
}

interface DeletedGenerationArguments {
  readonly tenant: string
  readonly thread: string
}
/** The generation that the last deleteThread of a thread began. */
export const deletedGeneration: PgFunction<DeletedGenerationArguments, number> = {
  name: 'deleted_generation_1',
  answers: 'json',
  parameters: {
    tenant: 'text',
    thread: 'text',
  },
}

interface DeleteThreadArguments {
  readonly tenant: string
  readonly thread: string
  readonly deleted_generation: number
  readonly names_limit: number
}
/** Removes a thread. */
export const deleteThread: PgFunction<DeleteThreadArguments, DeletedTuple> = {
  name: 'delete_thread_1',
  answers: 'json',
  parameters: {
    tenant: 'text',
    thread: 'text',
    deleted_generation: 'bigint',
    names_limit: 'integer',
  },
}

/** All of them: a test compares each with the database's own declaration, and health() looks for each. */
export const CALLS: readonly AnyFunction[] = [
  put,
  putWrites,
  putParts,
  head,
  read,
  parts,
  list,
  listAll,
  history,
  deletedGeneration,
  deleteThread,
]
