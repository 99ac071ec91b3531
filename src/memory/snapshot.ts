/** The threads of a memory store as one value that JSON can hold, so that a development server keeps them over a reload. */
import { InvalidInputError } from '../errors.ts'
import { FORMAT_VERSION } from '../codec/format.ts'
import { Part } from '../codec/part.ts'
import type { StoredWrite } from '../codec/record.ts'
import type { ThreadMap } from './thread-map.ts'
import { ThreadRows, type CheckpointRow } from './thread-rows.ts'

/** What `snapshot()` gives and `restore()` takes. */
export interface ThreadsSnapshot {
  readonly format: number
  readonly threads: readonly ThreadSnapshot[]
  /** For each thread that was deleted, its id and the generation that the last deletion began. */
  readonly deleted: readonly (readonly [string, number])[]
}

interface ThreadSnapshot {
  readonly threadId: string
  readonly seq: number
  readonly generation: number
  readonly deletedGeneration: number
  readonly checkpoints: readonly CheckpointRow[]
  /** The key of the checkpoint, and what was written beside it. */
  readonly writes: readonly (readonly [string, readonly StoredWrite[]])[]
  /** Name and text; bytes as base64. */
  readonly parts: readonly (readonly [string, string])[]
}

export function toSnapshot({ threads, deleted }: ThreadMap): ThreadsSnapshot {
  return { format: FORMAT_VERSION, threads: [...threads.values()].map(threadToSnapshot), deleted: [...deleted] }
}

function threadToSnapshot(thread: ThreadRows): ThreadSnapshot {
  const { threadId, seq, generation, deletedGeneration } = thread
  return {
    threadId,
    seq,
    generation,
    deletedGeneration,
    checkpoints: [...thread.checkpoints.values()].flatMap((rows) => [...rows.values()]),
    writes: [...thread.writes].map(([key, writes]) => [key, [...writes.values()]]),
    parts: [...thread.parts.values()].map((part) => [
      part.name,
      part.bytes === undefined ? part.text : Buffer.from(part.bytes).toString('base64'),
    ]),
  }
}

/** @throws InvalidInputError where it is not a snapshot of this format, or was changed. */
export function fromSnapshot(snapshot: unknown): { threads: Map<string, ThreadRows>; deleted: Map<string, number> } {
  const { format, threads, deleted } = (snapshot ?? {}) as Partial<ThreadsSnapshot>
  if (format !== FORMAT_VERSION || !isListOf(threads, isThread) || !isListOf(deleted, isDeletion)) {
    throw new InvalidInputError(
      'snapshot',
      `is not what snapshot() of this release gives (format ${FORMAT_VERSION}). Start without it.`,
    )
  }
  const rows = new Map((threads as ThreadSnapshot[]).map((thread) => [thread.threadId, threadFromSnapshot(thread)]))
  if (rows.size !== threads?.length) throw foreign()
  return { threads: rows, deleted: new Map(deleted as (readonly [string, number])[]) }
}

function foreign(): InvalidInputError {
  return new InvalidInputError('snapshot', 'holds a thread that snapshot() did not give. Start without it.')
}

function isDeletion(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'
}

function isThread(value: unknown): value is ThreadSnapshot {
  return (
    has(value, 'string', ['threadId']) &&
    has(value, 'number', ['seq', 'generation', 'deletedGeneration']) &&
    isListOf(value['checkpoints'], isCheckpoint) &&
    isListOf(
      value['writes'],
      (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && isListOf(entry[1], isWrite),
    ) &&
    isListOf(
      value['parts'],
      (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'string',
    )
  )
}

function isCheckpoint(value: unknown): boolean {
  return (
    has(value, 'string', ['header', 'manifest', 'metadata', 'digest']) &&
    has(value, 'number', ['seq']) &&
    has(value['address'], 'string', ['threadId', 'ns', 'checkpointId']) &&
    isStringOrAbsent(value['parentId']) &&
    isStringOrAbsent(value['runId'])
  )
}

function isStringOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function isWrite(value: unknown): boolean {
  return has(value, 'string', ['taskId', 'taskPath', 'channel', 'value', 'digest']) && has(value, 'number', ['idx'])
}

function has(value: unknown, type: 'string' | 'number', fields: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && fields.every((field) => typeof Reflect.get(value, field) === type)
  )
}

function isListOf(value: unknown, is: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is)
}

function threadFromSnapshot(snapshot: ThreadSnapshot): ThreadRows {
  const thread = new ThreadRows(snapshot.threadId, snapshot.generation, snapshot.deletedGeneration)
  thread.seq = snapshot.seq
  const seqs = new Set<number>()
  for (const row of snapshot.checkpoints) {
    if (row.address.threadId !== snapshot.threadId || seqs.has(row.seq)) throw foreign()
    seqs.add(row.seq)
    thread.addRow(row)
  }
  for (const [key, writes] of snapshot.writes) thread.addWrites(key, writes)
  for (const [name, body] of snapshot.parts) {
    const part = Part.verified(name, name.startsWith('b') ? new Uint8Array(Buffer.from(body, 'base64')) : body)
    if (part === undefined)
      throw new InvalidInputError(
        'snapshot',
        `holds part ${name} with other content than was stored. Start without it.`,
      )
    thread.addPart(part)
  }
  return thread
}
