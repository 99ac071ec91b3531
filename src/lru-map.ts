/** A Map with a bound: when its entries weigh too much together, those that were used longest ago go. */

export interface LruMapOptions<K, V> {
  /** What all entries may weigh together, in the unit of `weigh`. */
  readonly maxWeight: number
  /** What an entry weighs; asked when it is set. @default 1 each, so that `maxWeight` bounds their number */
  readonly weigh?: ((value: V, key: K) => number) | undefined
  /** An entry that weighs more is not kept, so that it does not push out many others. @default maxWeight */
  readonly maxEntryWeight?: number | undefined
  /** Called for each entry that was dropped for want of room, one that was too heavy to be kept included. */
  readonly onEvict?: ((value: V, key: K) => void) | undefined
}

/** An element of the list that holds the entries in the order of their last use. */
interface Entry<K, V> {
  readonly key: K
  value: V
  weight: number
  older: Entry<K, V> | undefined
  newer: Entry<K, V> | undefined
}

/**
 * `get` and `set` are uses; `has` and `peek` are not. The order of use is a linked list: as the order of the Map itself,
 * for which each use would delete and set the key, a `get` took 2 to 6 times as long.
 */
export class LruMap<K, V> {
  readonly #entries = new Map<K, Entry<K, V>>()
  readonly #maxWeight: number
  readonly #maxEntryWeight: number
  readonly #weigh: (value: V, key: K) => number
  readonly #onEvict: ((value: V, key: K) => void) | undefined
  #oldest: Entry<K, V> | undefined
  #newest: Entry<K, V> | undefined
  #weight = 0

  constructor({ maxWeight, weigh = () => 1, maxEntryWeight = maxWeight, onEvict }: LruMapOptions<K, V>) {
    this.#maxWeight = maxWeight
    this.#maxEntryWeight = Math.min(maxEntryWeight, maxWeight)
    this.#weigh = weigh
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  /** Of all entries together, each as it was weighed when it was set last. At most `maxWeight`. */
  get weight(): number {
    return this.#weight
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#touch(entry)
    return entry.value
  }

  /** Weighs the entry, also where the same value is set again: that is how one that has grown is counted. */
  set(key: K, value: V): void {
    const weight = this.#weigh(value, key)
    const known = this.#entries.get(key)
    // Negated, so that a weight that is not a number is too heavy, too.
    if (!(weight <= this.#maxEntryWeight)) {
      if (known !== undefined) this.#drop(known)
      this.#onEvict?.(value, key)
      return
    }
    if (known === undefined) {
      const entry: Entry<K, V> = { key, value, weight, older: undefined, newer: undefined }
      this.#entries.set(key, entry)
      this.#append(entry)
      this.#weight += weight
    } else {
      this.#weight += weight - known.weight
      known.value = value
      known.weight = weight
      this.#touch(known)
    }
    while (this.#weight > this.#maxWeight && this.#oldest !== undefined) {
      const evicted = this.#oldest
      this.#drop(evicted)
      this.#onEvict?.(evicted.value, evicted.key)
    }
  }

  /** @returns whether there was such an entry */
  delete(key: K): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#drop(entry)
    return true
  }

  /** The values, in no particular order. Entries may be set and deleted between two of them, as with a Map. */
  *values(): Generator<V, undefined> {
    for (const { value } of this.#entries.values()) yield value
  }

  #drop(entry: Entry<K, V>): void {
    this.#entries.delete(entry.key)
    this.#unlink(entry)
    this.#weight -= entry.weight
  }

  #touch(entry: Entry<K, V>): void {
    if (entry === this.#newest) return
    this.#unlink(entry)
    this.#append(entry)
  }

  #unlink({ older, newer }: Entry<K, V>): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #append(entry: Entry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }
}
