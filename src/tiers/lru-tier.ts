import type { Part, PartName } from '../codec/part.ts'
import { LruMap } from '../lru-map.ts'
import type { PartTier, TierStats } from './part-tier.ts'

export interface LruTierStats extends TierStats {
  /** Parts that are held. */
  readonly parts: number
  /** About what they take. */
  readonly bytes: number
}

/**
 * A tier in this process, bounded by bytes; the least recently used part goes first. A part is kept once for all
 * threads that have it: who knows its name has read it in a manifest of his own.
 */
export class LruTier implements PartTier {
  readonly #parts: LruMap<PartName, Part>
  #hits = 0
  #misses = 0

  /** @param maxBytes counted as two bytes a character, what a parsed tree of mostly text takes. */
  constructor(maxBytes: number) {
    this.#parts = new LruMap({
      maxWeight: maxBytes,
      weigh: (part) => part.size * 2 + 200,
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

  put(_threadId: string, parts: Iterable<Part>): void {
    // Those that are here already are passed by, a quarter of the cost of setting them: reading is what keeps a part.
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
