/**
 * What was stored or read before, so that an unchanged element of a list is neither serialized nor hashed again.
 *
 * A remembered object is trusted only after `matchesWire` compared it with what was stored, at every depth, so an
 * in-place mutation is always noticed. Nothing is held by the memo alone: objects weakly, and their parts weakly too,
 * since the store or the cache keeps those within its own bound. Strings can't be held weakly; they are bounded by
 * their length.
 */
import { LRUCache } from 'lru-cache'
import type { Fold, Folds } from './cut.ts'
import type { Part } from './part.ts'
import { matchesWire } from './value.ts'

/** The part holds the object, and nothing else. */
export const WHOLE = -1
/** The same, for an array or object that as a channel's value was one part too. */
export const WHOLE_CONTAINER = -2

/** Where an object's content stands: a part of its own (WHOLE…), or the place of an element in the array of a part. */
interface Place<Ref> {
  readonly part: Ref
  readonly index: number
}

/** A value's node and the parts that it names. */
export interface Encoded {
  /** The node's JSON text. */
  readonly node: string
  /** Characters of the value's JSON text. */
  readonly chars: number
  readonly parts: readonly Part[]
}

/** At most this many characters of long strings are remembered, with their parts. */
const STRING_CHARS = 16 * 1024 * 1024

/** Index parts that are remembered; each takes about 1 KB. */
const FOLDS = 10_000

export class Memo {
  readonly folds: Folds = new LRUCache<string, Fold>({ max: FOLDS })
  readonly #objects = new WeakMap<object, Place<WeakRef<Part>>>()
  /** Objects that were too large for one part: worth cutting without serializing them whole first. */
  readonly #large = new WeakSet<object>()
  readonly #strings = new LRUCache<string, Encoded>({
    maxSize: STRING_CHARS,
    sizeCalculation: (_, text) => text.length,
  })

  /** The part that holds exactly this value, if it is remembered and unchanged. */
  find(value: object): Place<Part> | undefined {
    const place = this.#objects.get(value)
    const part = place?.part.deref()
    if (place === undefined || part === undefined) return undefined
    const wire = place.index < 0 ? part.wire : (part.wire as readonly unknown[])[place.index]
    return matchesWire(value, wire) ? { part, index: place.index } : undefined
  }

  /** Notes where an object stands. Other values are left alone. */
  remember(value: unknown, part: Part, index: number): void {
    if (typeof value === 'object' && value !== null) this.#objects.set(value, { part: part.weak, index })
  }

  findString(value: string): Encoded | undefined {
    return this.#strings.get(value)
  }

  rememberString(value: string, encoded: Encoded): void {
    this.#strings.set(value, encoded)
  }

  wasLarge(value: object): boolean {
    return this.#large.has(value)
  }

  rememberLarge(value: object): void {
    this.#large.add(value)
  }
}
