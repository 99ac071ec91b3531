/** Parts as they travel to Postgres: one binary parameter, where each begins, and where the last ends. Text arrays would be escaped twice. */
import type { Part } from '../codec/part.ts'

export interface PartBlob {
  readonly names: readonly string[]
  readonly offsets: readonly number[]
  readonly blob: Buffer | null
}

const NO_PARTS: PartBlob = { names: [], offsets: [], blob: null }

export function toBlob(parts: readonly Part[]): PartBlob {
  if (parts.length === 0) return NO_PARTS
  const bodies = parts.map((part) => (part.bytes === undefined ? Buffer.from(part.text) : Buffer.from(part.bytes)))
  const offsets = [0]
  for (const body of bodies) offsets.push((offsets.at(-1) ?? 0) + body.length)
  return { names: parts.map((part) => part.name), offsets, blob: Buffer.concat(bodies) }
}

/** Batches of at most about `maxChars`, so that neither side has to hold a value of hundreds of MB twice. */
export function* inBatches(parts: readonly Part[], maxChars: number): Generator<readonly Part[]> {
  let batch: Part[] = []
  let chars = 0
  for (const part of parts) {
    if (chars + part.size > maxChars && batch.length > 0) {
      yield batch
      batch = []
      chars = 0
    }
    batch.push(part)
    chars += part.size
  }
  yield batch
}
