import type { PartName } from '../codec/part.ts'

/**
 * What a writer's knowledge rests on that parts are stored: a commit that this process has seen acknowledged, or has read.
 *
 * A server that goes back in time (failover to a standby that lagged, a crash with synchronous_commit = off, restore) loses
 * a suffix of its commits. So if a commit is still there, all that was committed before it is, too. A row is recognised by
 * its digest as well as by its key, as another process may since have stored something else under the same key.
 */
export type Proof = CheckpointProof | WriteProof | PartsProof

/** A row of checkpoints: proves what it leads to, and what its own function had found. */
export interface CheckpointProof {
  readonly kind: 'checkpoint'
  readonly ns: string
  readonly seq: number
  readonly digest: string
}

/**
 * A row of writes: proves what it leads to, and no more, as another process that carries out the same task stores the same
 * row.
 */
export interface WriteProof {
  readonly kind: 'write'
  readonly ns: string
  readonly checkpointId: string
  readonly taskId: string
  readonly idx: number
  readonly digest: string
}

/** Parts that were sent ahead of the record that names them; each is looked for. */
interface PartsProof {
  readonly kind: 'parts'
  readonly names: readonly PartName[]
}
