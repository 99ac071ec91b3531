import { LRUCache } from 'lru-cache'
import type { Part, PartName } from '../codec/part.ts'
import type { PartTier } from './part-tier.ts'

/** A tier in this process, bounded by bytes; the least recently used part goes first. */
export class LruTier implements PartTier {
  readonly #parts: LRUCache<PartName, Part>

  /** @param maxBytes counted as two bytes a character, what a parsed tree of mostly text takes. */
  constructor(maxBytes: number) {
    this.#parts = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (part) => part.size * 2 + 200,
      // A part beyond this is not kept and evicts nobody.
      maxEntrySize: Math.max(1, Math.floor(maxBytes / 8)),
    })
  }

  get(name: PartName): Part | undefined {
    return this.#parts.get(name)
  }

  put(parts: Iterable<Part>): void {
    for (const part of parts) this.#parts.set(part.name, part)
  }
}

/** No tier: for a store that is in memory itself. */
export const NO_TIER: PartTier = { get: () => undefined, put: () => {} }
