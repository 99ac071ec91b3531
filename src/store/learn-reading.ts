import type { ParsedCheckpoint } from '../codec/checkpoint-codec.ts'
import { reachable, type Parts } from '../codec/decode.ts'
import type { KnownThreads } from './known-threads.ts'

/** Notes that the parts of a checkpoint that was read are stored: those of its writes by the writes, the others by itself. */
export function learnReading(known: KnownThreads, generation: number, read: ParsedCheckpoint, parts: Parts): void {
  const { address, seq, digest, writes } = read.stored
  const { threadId, ns, checkpointId } = address
  for (const [i, node] of read.writes.entries()) {
    const write = writes[i]
    if (write === undefined) continue
    const { taskId, idx } = write
    const proof = { kind: 'write', ns, checkpointId, taskId, idx, digest: write.digest } as const
    known.learn(threadId, generation, proof, reachable([node], parts).values())
  }
  known.learn(threadId, generation, { kind: 'checkpoint', ns, seq, digest }, parts.values())
}
