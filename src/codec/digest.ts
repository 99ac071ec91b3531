/** Digests of rows: what was stored is what is read, and the same again is a repeat. Truncated SHA-256 in base64url. */
import { hash } from 'node:crypto'
import type { EncodedCheckpoint, StoredCheckpoint, StoredWrite } from './record.ts'

/** 132 bits, as a part's name: two contents of one checkpoint id are told apart by it. */
const CHECKPOINT_CHARS = 22
/** 48 bits: enough to notice damage; a row is told from others by its key already. */
const WRITE_CHARS = 8
/** The first character of a digest that covers lines which the store may leave out: what is stored can't be compared with it. */
const CONDITIONAL = '~'

type Content = Pick<EncodedCheckpoint, 'header' | 'manifest' | 'conditional' | 'metadata'>

/** Of what a checkpoint holds, and of its id: no two checkpoints of a thread have one digest. */
export function checkpointDigest(id: string, { header, manifest, conditional, metadata }: Content): string {
  const digest = digestOf([id, header, manifest, ...conditional, metadata], CHECKPOINT_CHARS)
  return conditional.length === 0 ? digest : CONDITIONAL + digest
}

/** Whether id, header, manifest and metadata are what was stored. True where the digest can't tell. */
export function isIntact(stored: StoredCheckpoint): boolean {
  const { digest, address } = stored
  return (
    digest.startsWith(CONDITIONAL) || digest === checkpointDigest(address.checkpointId, { ...stored, conditional: [] })
  )
}

export function writeDigest({ taskId, taskPath, idx, channel, value }: Omit<StoredWrite, 'digest'>): string {
  return digestOf([taskId, taskPath, String(idx), channel, value], WRITE_CHARS)
}

/** The lengths stand in front, so that no two lists of texts give one text. */
function digestOf(texts: readonly string[], chars: number): string {
  const lengths = texts.map((text) => text.length).join(' ')
  return hash('sha256', `${lengths}\n${texts.join('\n')}`, 'base64url').slice(0, chars)
}
