/** A tier is somebody who may have a part. Parts never change, so no tier ever has to forget one to be right. */
import type { Part, PartName } from '../codec/part.ts'

export interface PartTier {
  /**
   * The part, if it is in this process: at once, without a promise and without allocating, as a read asks for each of
   * its parts. A tier further away has no such method.
   */
  peek?(name: PartName): Part | undefined
  /** Those of a thread's parts that it has, verified; silent about the rest. In trouble it has none: it never rejects. */
  get(threadId: string, names: readonly PartName[]): Promise<readonly Part[]>
  /** Offers parts that are durable already. Returns at once and never throws; the tier may take them, or not. */
  put(threadId: string, parts: Iterable<Part>): void
  /** The thread is gone: these were its parts. As `put`, at once, and as far as the tier can. */
  forget(threadId: string, names: readonly PartName[]): void
  /** Whether asking is worth a try now. False while a tier is known to be out of reach. */
  isUsable(): boolean
  stats(): TierStats
}

/** What a tier has been asked for since it was made, in parts. */
export interface TierStats {
  /** Found, and what their names say. */
  readonly hits: number
  /** Asked for and not found. */
  readonly misses: number
}
