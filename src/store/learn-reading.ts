import type { ParsedCheckpoint } from '../codec/checkpoint-codec.ts'
import { reachable } from '../codec/leads-to.ts'
import type { Parts } from '../codec/part.ts'
import type { Node } from '../codec/format.ts'
import type { StoredWrite } from '../codec/record.ts'
import type { KnownThreads } from './known-threads.ts'

/** Notes that the parts of a checkpoint that was read are stored: those of writes by the writes, the others by itself. */
export function learnReading(known: KnownThreads, generation: number, read: ParsedCheckpoint, parts: Parts): void {
  const { address, parentId, seq, digest, writes, sends } = read.stored
  const { threadId, ns, checkpointId } = address
  const learnWrites = (of: string, rows: readonly StoredWrite[], nodes: readonly Node[]) => {
    for (const [i, { taskId, idx, digest: writeDigest }] of rows.entries()) {
      const node = nodes[i]
      if (node === undefined) continue
      const proof = { kind: 'write', ns, checkpointId: of, taskId, idx, digest: writeDigest } as const
      known.learn(threadId, generation, proof, reachable([node], parts).values())
    }
  }
  learnWrites(checkpointId, writes, read.writes)
  // The parent's, which may have been stored after this checkpoint.
  if (parentId !== undefined) learnWrites(parentId, sends, read.sends)
  known.learn(threadId, generation, { kind: 'checkpoint', ns, seq, digest }, parts.values())
}
