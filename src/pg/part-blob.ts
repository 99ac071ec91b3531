/**
 * Parts as they travel to Postgres: one binary parameter, where each begins, and where the last ends. Text arrays would
 * be escaped twice. In the order of their names, in which they are inserted: two writers lock in one order.
 */
import type { Part } from '../codec/part.ts'
import type { ValueOf } from './parameter-types.ts'

export type PartBlob = ValueOf<'Parts'>

const NO_PARTS: PartBlob = { names: [], offsets: [], blob: null }

export function toBlob(unsorted: readonly Part[]): PartBlob {
  if (unsorted.length === 0) return NO_PARTS
  const parts = unsorted.toSorted((a, b) => (a.name < b.name ? -1 : 1))
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
