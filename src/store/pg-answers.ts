/** What the functions of sql/functions answer, as records. */
import type { CheckpointAddress } from '../address.ts'
import { Part } from '../codec/part.ts'
import type { StoredCheckpoint, StoredHistory, StoredWrite } from '../codec/record.ts'
import { inOrderOfExecution } from '../codec/write-order.ts'
import { PartCorruptError } from '../errors.ts'
import type { HeadTuple, HistoryTuple, ReadingTuple, WriteTuple } from '../pg/calls/checkpoints.ts'
import type { Row } from '../pg/driver.ts'
import type { Reading } from './store.ts'

/** @param head undefined where there is no such thread */
export function readingOf(threadId: string, head: HeadTuple | undefined, parts: readonly Part[]): Reading {
  const [generation, checkpoint] = head ?? [0, null]
  return { generation, checkpoint: checkpoint === null ? undefined : checkpointOf(threadId, checkpoint), parts }
}

export function checkpointOf(threadId: string, reading: ReadingTuple): StoredCheckpoint {
  const [checkpointId, ns, parentId, seq, digest, header, manifest, metadata, writes, sends] = reading
  const address: CheckpointAddress = { threadId, ns, checkpointId }
  return {
    address,
    parentId: parentId ?? undefined,
    seq,
    digest,
    header,
    manifest,
    metadata,
    writes: writesOf(writes),
    sends: writesOf(sends),
  }
}

export function historyOf([channel, seedManifest, writes]: HistoryTuple): StoredHistory {
  return {
    seedManifest: seedManifest ?? undefined,
    writes: (writes ?? []).map(([taskId, idx, value, taskPath, digest]) => ({
      taskId,
      taskPath,
      idx,
      channel,
      value,
      digest,
    })),
  }
}

/** @throws PartCorruptError where the content is not what the name was made of */
export function partOf(row: Row): Part {
  const part = Part.verified(String(row['name']), (row['body'] ?? bytesOf(row['bytes'])) as string | Uint8Array)
  if (part === undefined) throw new PartCorruptError(String(row['name']), 'Postgres')
  return part
}

/** A type parser of the application's may leave bytea as the text that Postgres sends. */
function bytesOf(bytes: unknown): unknown {
  return typeof bytes === 'string' && bytes.startsWith('\\x') ? Buffer.from(bytes.slice(2), 'hex') : bytes
}

function writesOf(tuples: readonly WriteTuple[] | null): readonly StoredWrite[] {
  if (tuples === null) return []
  return tuples
    .map(([taskId, idx, channel, value, taskPath, digest]) => ({ taskId, taskPath, idx, channel, value, digest }))
    .toSorted(inOrderOfExecution)
}
