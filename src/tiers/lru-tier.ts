import { estimateHeapBytes } from '../codec/heap-estimate.ts'
import type { Part, PartName } from '../codec/part.ts'
import { LruMap } from '../lru-map.ts'
import type { PartTier, TierStats } from './part-tier.ts'

export interface LruTierStats extends TierStats {
  /** How many parts are held. */
  readonly parts: number
  /** What they take of the heap, about. */
  readonly bytes: number
}

/**
 * A tier in this process, bounded by bytes; the part that was used longest ago goes first. A part is kept once for all
 * threads that have it. No thread gets a part of another by that: it must know the name, and names stand in manifests.
 */
export class LruTier implements PartTier {
  readonly #parts: LruMap<PartName, Part>
  #hits = 0
  #misses = 0

  /** @param maxBytes of heap, by `estimateHeapBytes` */
  constructor(maxBytes: number) {
    this.#parts = new LruMap({
      maxWeight: maxBytes,
      weigh: estimateHeapBytes,
      // A larger part is not kept: it would push out too many others.
      maxEntryWeight: Math.max(1, Math.floor(maxBytes / 8)),
    })
  }

  peek(name: PartName): Part | undefined {
    const part = this.#parts.get(name)
    if (part === undefined) this.#misses++
    else this.#hits++
    return part
  }

  async get(_threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    return names.flatMap((name) => this.peek(name) ?? [])
  }

  offer(_threadId: string, parts: Iterable<Part>): void {
    // A part that is here is skipped, at a quarter of the cost of setting it again: to be read is what keeps a part.
    for (const part of parts) if (!this.#parts.has(part.name)) this.#parts.set(part.name, part)
  }

  forget(_threadId: string, names: readonly PartName[]): void {
    for (const name of names) this.#parts.delete(name)
  }

  isUsable(): boolean {
    return true
  }

  stats(): LruTierStats {
    return { hits: this.#hits, misses: this.#misses, parts: this.#parts.size, bytes: this.#parts.weight }
  }
}
