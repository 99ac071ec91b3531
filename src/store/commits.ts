/** What is committed, made of what the codec gives: a record, the parts that it leads to, and what it will prove to be stored. */
import type { CheckpointAddress } from '../address.ts'
import type { Parts } from '../codec/part.ts'
import type { EncodedCheckpoint, EncodedWrites } from '../codec/record.ts'
import type { CheckpointProof, WriteProof } from './proof.ts'
import type { CheckpointRecord, WritesRecord } from './store.ts'

export interface CheckpointCommit {
  readonly record: CheckpointRecord
  readonly parts: Parts
  /** The checkpoint as a proof, by its place; undefined where it does not lead to all its parts. */
  readonly proofOf: ((seq: number) => CheckpointProof) | undefined
}

export interface WritesCommit {
  readonly record: WritesRecord
  /** Those of all writes. */
  readonly parts: Parts
  /** Each write as a proof, with the parts that it leads to. */
  readonly proofs: readonly { readonly proof: WriteProof; readonly parts: Parts }[]
}

/** @param place where the checkpoint stands, and in which run it was made */
export function toCheckpointCommit(
  { parts, ...encoded }: EncodedCheckpoint,
  place: Pick<CheckpointRecord, 'address' | 'parentId' | 'runId'>,
): CheckpointCommit {
  const { ns } = place.address
  const { digest, conditional } = encoded
  // A repeat of one with conditional lines stores nothing, and what is there may lack the lines and what they name.
  const isWhole = conditional.length === 0
  return {
    record: { ...encoded, ...place },
    parts,
    proofOf: isWhole ? (seq) => ({ kind: 'checkpoint', ns, seq, digest }) : undefined,
  }
}

export function toWritesCommit(writes: EncodedWrites, address: CheckpointAddress): WritesCommit {
  const { ns, checkpointId } = address
  return {
    record: { address, writes },
    parts: new Map(writes.flatMap((write) => [...write.parts])),
    proofs: writes.map(({ taskId, idx, digest, parts }) => ({
      proof: { kind: 'write', ns, checkpointId, taskId, idx, digest },
      parts,
    })),
  }
}
