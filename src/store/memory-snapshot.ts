/** The threads of a memory store as one JSON-able value, so that a dev server keeps them over a reload. */
import { InvalidInputError } from '../errors.ts'
import { FORMAT_VERSION } from '../codec/format.ts'
import { Part } from '../codec/part.ts'
import type { StoredWrite } from './store.ts'
import { ThreadRecord, type CheckpointRow } from './thread-record.ts'

/** What `snapshot()` gives and `restore()` takes. */
export interface ThreadsSnapshot {
  readonly format: number
  readonly threads: readonly ThreadSnapshot[]
}

interface ThreadSnapshot {
  readonly threadId: string
  readonly seq: number
  readonly generation: number
  readonly tombstone: number
  readonly fence: number
  readonly checkpoints: readonly CheckpointRow[]
  /** The key of the checkpoint, and what was written beside it. */
  readonly writes: readonly (readonly [string, readonly StoredWrite[]])[]
  /** Name and text; bytes as base64. */
  readonly parts: readonly (readonly [string, string])[]
}

export function toSnapshot(threads: ReadonlyMap<string, ThreadRecord>): ThreadsSnapshot {
  return { format: FORMAT_VERSION, threads: [...threads.values()].map(threadToSnapshot) }
}

function threadToSnapshot(thread: ThreadRecord): ThreadSnapshot {
  const { threadId, seq, generation, tombstone, fence } = thread
  return {
    threadId,
    seq,
    generation,
    tombstone,
    fence,
    checkpoints: [...thread.checkpoints.values()].flatMap((rows) => [...rows.values()]),
    writes: [...thread.writes].map(([key, writes]) => [key, [...writes.values()]]),
    parts: [...thread.parts.values()].map((part) => [
      part.name,
      part.bytes === undefined ? part.text : Buffer.from(part.bytes).toString('base64'),
    ]),
  }
}

/** @throws InvalidInputError where it is not a snapshot of this format, or was changed. */
export function fromSnapshot(snapshot: unknown, clock: () => number): Map<string, ThreadRecord> {
  const { format, threads } = (snapshot ?? {}) as Partial<ThreadsSnapshot>
  if (format !== FORMAT_VERSION || !Array.isArray(threads)) {
    throw new InvalidInputError(
      'snapshot',
      `is not what snapshot() of this release gives (format ${FORMAT_VERSION}). Start without it.`,
    )
  }
  return new Map(
    threads.map((thread: unknown) => {
      if (!isThread(thread))
        throw new InvalidInputError('snapshot', 'holds a thread that snapshot() did not give. Start without it.')
      return [thread.threadId, threadFromSnapshot(thread, clock)]
    }),
  )
}

function isThread(value: unknown): value is ThreadSnapshot {
  return (
    has(value, 'string', ['threadId']) &&
    has(value, 'number', ['seq', 'generation', 'tombstone', 'fence']) &&
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
    has(value['address'], 'string', ['threadId', 'ns', 'checkpointId'])
  )
}

function isWrite(value: unknown): boolean {
  return has(value, 'string', ['taskId', 'taskPath', 'channel', 'value']) && has(value, 'number', ['idx'])
}

function has(value: unknown, type: 'string' | 'number', fields: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && fields.every((field) => typeof Reflect.get(value, field) === type)
  )
}

function isListOf(value: unknown, is: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is)
}

function threadFromSnapshot(snapshot: ThreadSnapshot, clock: () => number): ThreadRecord {
  const thread = new ThreadRecord(snapshot.threadId, clock)
  thread.seq = snapshot.seq
  thread.generation = snapshot.generation
  thread.tombstone = snapshot.tombstone
  thread.fence = snapshot.fence
  for (const row of snapshot.checkpoints) thread.addRow(row)
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
