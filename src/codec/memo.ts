/**
 * What was stored or read before, so that an unchanged element of a list is neither serialized nor hashed again.
 *
 * A remembered object is trusted only after `matchesWire` compared it with what was stored, at every depth, so an
 * in-place mutation is always noticed. The memo keeps no object alive of its own accord. While its owner keeps one, the
 * memo keeps its part, which is about as large: about as much again as the live state. (To ask for weakly held parts
 * took a quarter of the time of a put of an unchanged list.) A group of many small elements is held weakly, as one
 * element that somebody keeps must not keep all of them. Elements that were read one after the other are remembered by
 * the first of them, a few at a time, and kept with it: most of a WeakMap's time is spent on keys. Strings can't be held
 * by who keeps them; they are bounded by their length.
 */
import { LRUCache } from 'lru-cache'
import type { Fold, Folds } from './cut.ts'
import { Part } from './part.ts'
import { matchesWire } from './value.ts'

/** The part holds the object, and nothing else. */
export const WHOLE = -1
/** The same, for an array or object that as a channel's value was one part too. */
export const WHOLE_CONTAINER = -2

/** Where an object's content stands: a part of its own (WHOLE…), or the place of an element in the array of a part. */
export interface Place {
  readonly part: Part
  readonly index: number
}

/** Elements that stood side by side in a list, each with a part of its own. */
interface Neighbours {
  readonly elements: readonly object[]
  readonly parts: readonly Part[]
}

/** So many elements may stay in memory because somebody keeps the first of them. */
export const NEIGHBOURS = 16

interface WeakPlace {
  readonly part: WeakRef<Part>
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
  readonly folds: Folds = new LRUCache<string, Fold>({ maxSize: FOLDS, sizeCalculation: () => 1 }) // `max` would reserve its room at once
  /** A part by itself is the object's own: what nearly all have, and one thing less to look at. */
  readonly #objects = new WeakMap<object, Part | Neighbours | Place | WeakPlace>()
  /** Those among whom the last one was found, and where the next is to be expected. */
  #near: Neighbours | undefined
  #next = 0
  /** Objects that were too large for one part: worth cutting without serializing them whole first. */
  readonly #large = new WeakSet<object>()
  readonly #strings = new LRUCache<string, Encoded>({
    maxSize: STRING_CHARS,
    sizeCalculation: (_, text) => text.length,
  })

  /** The part that holds exactly this value, if it is remembered and unchanged. Quickest for elements in their order. */
  find(value: object): Place | undefined {
    if (this.#near?.elements[this.#next] === value) {
      const part = this.#nextPart()
      if (part !== undefined && matchesWire(value, part.wire)) return { part, index: WHOLE }
      // Changed in place since; what was remembered of it after that stands by itself.
    }
    const known = this.#lookUp(value)
    if (known === undefined) return undefined
    if (known instanceof Part) return matchesWire(value, known.wire) ? { part: known, index: WHOLE } : undefined
    const part = known.part instanceof Part ? known.part : known.part.deref()
    if (part === undefined) return undefined
    const { index } = known
    const wire = index < 0 ? part.wire : (part.wire as readonly unknown[])[index]
    return matchesWire(value, wire) ? { part, index } : undefined
  }

  /** Work on what a value holds. Afterwards the same is expected next as before; nothing, at the end of the outermost. */
  inside<Result>(work: () => Result): Result {
    const [near, next] = [this.#near, this.#next]
    try {
      return work()
    } finally {
      this.#near = near
      this.#next = next
    }
  }

  /** Notes where an object stands. Other values are left alone. */
  remember(value: unknown, part: Part, index: number): void {
    if (typeof value !== 'object' || value === null) return
    if (index === WHOLE) this.#objects.set(value, part)
    else this.#objects.set(value, { part: index < 0 ? part : part.weak, index } as Place | WeakPlace)
  }

  /** The same for at most NEIGHBOURS elements of a list, each with a part of its own, by the first of them. */
  rememberNeighbours(first: object, neighbours: Neighbours): void {
    this.#objects.set(first, neighbours)
  }

  #nextPart(): Part | undefined {
    return this.#near?.parts[this.#next++]
  }

  #lookUp(value: object): Part | Place | WeakPlace | undefined {
    const known = this.#objects.get(value)
    if (known !== undefined && !('elements' in known)) return known
    // One that is no first may still be further on: some between may have been removed.
    const at = known === undefined ? (this.#near?.elements.indexOf(value, this.#next) ?? -1) : 0
    if (at < 0) return undefined
    this.#near = known ?? this.#near
    this.#next = at
    return this.#nextPart()
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
