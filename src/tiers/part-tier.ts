/** A tier may have a part; the store must. Parts never change, so a tier that keeps one too long is never wrong. */
import type { Part, PartName } from '../codec/part.ts'

export interface PartTier {
  /**
   * The part, if it is in this process: at once, without a promise and without allocating, as a read asks for each of
   * its parts. A tier outside this process has no such method.
   */
  peek?(name: PartName): Part | undefined
  /** Those of a thread's parts that it has, verified; the others are left out. Never rejects: in trouble it has none. */
  get(threadId: string, names: readonly PartName[]): Promise<readonly Part[]>
  /** Offers parts that are durable already; the tier may keep them or not. Returns at once and never throws. */
  offer(threadId: string, parts: Iterable<Part>): void
  /** Removes parts of a thread that was deleted, as far as the tier can. Returns at once and never throws. */
  forget(threadId: string, names: readonly PartName[]): void
  /** Whether `get` would ask now. False while the tier is known to be out of reach. Changes nothing. */
  isUsable(): boolean
}

/** What a tier has been asked for since it was made, in parts. */
export interface TierStats {
  /** Found, and verified. */
  readonly hits: number
  /** Asked for and not found. */
  readonly misses: number
}
