/** What the functions of sql/ answer, taken apart. */
import type { CheckpointAddress } from '../address.ts'
import { Part } from '../codec/part.ts'
import { PartCorruptError } from '../errors.ts'
import type { Row } from '../pg/driver.ts'
import type { StoredCheckpoint, StoredHistory, StoredWrite, Verdict } from './store.ts'
import { inOrderOfExecution } from './thread-record.ts'

/** What put_1 and put_writes_1 say. */
export interface VerdictRow {
  /** `generation`: nothing is stored, as parts that were left out may be gone. */
  readonly verdict: Verdict | 'generation'
  /** put_1's; put_writes_1 gives none. */
  readonly seq: number
  readonly generation: number
}

/** A write as reading_1 gives it. */
type WriteTuple = readonly [taskId: string, idx: number, channel: string, value: string, taskPath: string]
/** reading_1 in sql/. */
type ReadingTuple = readonly [
  id: string,
  ns: string,
  parentId: string | null,
  seq: number,
  header: string,
  manifest: string,
  metadata: string,
  writes: readonly WriteTuple[] | null,
  sends: readonly WriteTuple[] | null,
]

/** `(verdict,seq,generation)`, or without seq: the text of a row whose values need no quotes. */
export function verdictOf(answer: unknown): VerdictRow {
  const values = String(answer).slice(1, -1).split(',')
  return {
    verdict: values[0] as VerdictRow['verdict'],
    seq: values.length === 3 ? Number(values[1]) : 0,
    generation: Number(values.at(-1)), // microseconds since the epoch fit a double
  }
}

/** What head_1 gives. Generation 0: no such thread. */
export function headOf(
  threadId: string,
  answer: unknown,
): { readonly generation: number; readonly checkpoint: StoredCheckpoint | undefined } {
  if (typeof answer !== 'string') return { generation: 0, checkpoint: undefined }
  const [generation, reading] = JSON.parse(answer) as [number, ReadingTuple | null]
  return { generation, checkpoint: reading === null ? undefined : checkpointOf(threadId, reading) }
}

/** What list_1 gives for each checkpoint. */
export function readingOf(threadId: string, answer: unknown): StoredCheckpoint {
  return checkpointOf(threadId, JSON.parse(String(answer)) as ReadingTuple)
}

/** What history_1 gives for each channel; the writes of the oldest ancestor first. */
export function historyOf(answer: unknown): [channel: string, history: StoredHistory] {
  const [channel, seedManifest, writes] = JSON.parse(String(answer)) as [
    string,
    string | null,
    readonly (readonly [taskId: string, idx: number, value: string])[] | null,
  ]
  return [
    channel,
    {
      seedManifest: seedManifest ?? undefined,
      writes: (writes ?? []).map(([taskId, idx, value]) => ({ taskId, taskPath: '', idx, channel, value })),
    },
  ]
}

/** @throws PartCorruptError where the content is not what the name was made of */
export function partOf(row: Row): Part {
  const part = Part.verified(String(row['name']), (row['body'] ?? row['bytes']) as string | Uint8Array)
  if (part === undefined) throw new PartCorruptError(String(row['name']), 'Postgres')
  return part
}

function checkpointOf(threadId: string, reading: ReadingTuple): StoredCheckpoint {
  const [checkpointId, ns, parentId, seq, header, manifest, metadata, writes, sends] = reading
  const address: CheckpointAddress = { threadId, ns, checkpointId }
  return {
    address,
    parentId: parentId ?? undefined,
    seq,
    header,
    manifest,
    metadata,
    writes: writesOf(writes),
    sends: writesOf(sends),
  }
}

function writesOf(tuples: readonly WriteTuple[] | null): readonly StoredWrite[] {
  if (tuples === null) return []
  return tuples
    .map(([taskId, idx, channel, value, taskPath]) => ({ taskId, taskPath, idx, channel, value }))
    .toSorted(inOrderOfExecution)
}
