/**
 * What was stored or read before, so that what has not changed is neither serialized nor hashed again.
 *
 * What is remembered is trusted only after it was compared with what was stored, at every depth, so an in-place mutation
 * is always noticed. The memo keeps no object of a state alive. While the state keeps an object, the memo keeps the part
 * that was made of it, which is about as large: the memo takes about as much memory as the live state.
 *
 * Most of a WeakMap's time is spent on its keys, and V8 has about a million identity hashes for them, so there is one key
 * for several elements: the first of a group of small ones, the first of several large ones, or the container itself.
 */
import { LRUCache } from 'lru-cache'
import type { Fold, Folds } from './cut.ts'
import type { Group } from './group.ts'
import type { Neighbours } from './neighbours.ts'
import { Part } from './part.ts'
import { DEFAULT_VALUE_LIMITS, matchesWire, type ValueRules } from './value.ts'

/** How a list or an object was stored as a whole. */
export interface Container {
  /** The part that holds all of it, if one does. */
  readonly whole: Part | undefined
  /** Its groups of small members, in order. */
  readonly groups: readonly Group[]
}

/** A value's node and the parts that it names. */
export interface Encoded {
  /** The node's JSON text. */
  readonly node: string
  /** Characters of the value's JSON text. */
  readonly chars: number
  readonly items: number
  readonly parts: readonly Part[]
}

/** At most this many characters of long strings are remembered, with their parts. A WeakMap can't hold strings. */
const STRING_CHARS = 16 * 1024 * 1024

/** Index parts that are remembered; each takes about 1 KB. */
const FOLDS = 10_000

export class Memo {
  readonly folds: Folds = new LRUCache<string, Fold>({ maxSize: FOLDS, sizeCalculation: () => 1 }) // `max` would reserve its room at once
  /** Elements and entries: the part that holds one, or those that begin with it. */
  readonly #members = new WeakMap<object, Part | Neighbours | Group>()
  readonly #containers = new WeakMap<object, Container>()
  /** Objects that were too large for one part: worth cutting without serializing them whole first. */
  readonly #large = new WeakSet<object>()
  readonly #strings = new LRUCache<string, Encoded>({
    maxSize: STRING_CHARS,
    sizeCalculation: (_, text) => text.length,
  })

  readonly #rules: ValueRules

  constructor(rules: ValueRules = DEFAULT_VALUE_LIMITS) {
    this.#rules = rules
  }

  /** Whether a value is still what a part holds. */
  isUnchanged(value: unknown, wire: unknown): boolean {
    return matchesWire(value, wire, this.#rules)
  }

  /** What begins with this member. Still to be compared. */
  member(value: object): Part | Neighbours | Group | undefined {
    return this.#members.get(value)
  }

  /** The part that holds exactly this value, if it is remembered and unchanged. */
  findMember(value: object): Part | undefined {
    const part = this.#members.get(value)
    return part instanceof Part && this.isUnchanged(value, part.wire) ? part : undefined
  }

  /** The same for a list or an object that was one part when it was the value of a channel. */
  findContainer(value: object): Part | undefined {
    const whole = this.#containers.get(value)?.whole
    return whole !== undefined && this.isUnchanged(value, whole.wire) ? whole : undefined
  }

  /** The groups of a container when it was last stored or read. Still to be compared. */
  groupsOf(container: object): readonly Group[] {
    return this.#containers.get(container)?.groups ?? []
  }

  /** Notes that a part holds this value and nothing else. Values that are no objects are left alone. */
  remember(value: unknown, part: Part): void {
    if (isObject(value)) this.#members.set(value, part)
  }

  /** Notes elements of a list, each with a part of its own, by the first of them. */
  rememberNeighbours(first: object, neighbours: Neighbours): void {
    this.#members.set(first, neighbours)
  }

  /** Notes a group by its first member. */
  rememberGroup(first: unknown, group: Group): void {
    if (isObject(first)) this.#members.set(first, group)
  }

  rememberContainer(value: object, container: Container): void {
    this.#containers.set(value, container)
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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
