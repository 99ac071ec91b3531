/** Writing: from a value to its wire tree. What is plain JSON already is passed on as it is, not copied. */

import { types } from 'node:util'
import { TooLargeError } from '../../errors.ts'
import type { ValueLimits } from './limits.ts'
import { type Wire, escapeKey, isMarkerKey } from './markers.ts'
import { hasOnlyPlainKeys, isArrayPrototype, isPlainArray } from './plain.ts'
import { type PathSegment, formatPath, refusal } from './refuse.ts'
import { specialToWire } from './special-to-wire.ts'

/** One walk over one value. The containers on the way down are kept, to name the place of what is refused. */
export class WireWriter {
  readonly #path: string
  readonly #limits: ValueLimits
  readonly #ancestors: object[] = []
  readonly #segments: PathSegment[] = []
  #depth = 0
  /** A lower bound of the text's length, so that a graph of shared objects can't keep the walk busy for ever. */
  #characters = 0

  constructor(path: string, limits: ValueLimits) {
    this.#path = path
    this.#limits = limits
  }

  write(value: unknown): Wire {
    switch (typeof value) {
      case 'string':
        this.#characters += value.length
        return value
      case 'boolean':
        return value
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value
        return { $number: Object.is(value, -0) ? '-0' : String(value) }
      case 'undefined':
        return { $undefined: true }
      case 'bigint':
        return { $bigint: String(value) }
      case 'object':
        return value === null ? null : this.#container(value)
      default:
        return this.refuse(typeof value)
    }
  }

  /** Writes what the container being written holds at `segment`. */
  at(segment: PathSegment, value: unknown): Wire {
    this.#segments[this.#depth - 1] = segment
    const wire = this.write(value)
    this.#segments.length = this.#depth - 1
    return wire
  }

  /** An ordinary object, escaped where it looks like a marker. */
  object(value: object): Wire {
    this.checkKeys(value)
    const keys = Object.keys(value)
    const record = value as Record<string, unknown>
    const first = keys[0]
    if (keys.length === 1 && first !== undefined && isMarkerKey(first))
      return { [escapeKey(first)]: this.at(first, record[first]) }
    return this.entries(record, keys)
  }

  /** The record itself if all these entries are plain, else a copy in which they are. */
  entries(record: Record<string, unknown>, keys: readonly string[]): Record<string, Wire> {
    let copy: Record<string, Wire> | undefined
    for (const key of keys) {
      const value = record[key]
      if (typeof value === 'string') {
        this.#characters += value.length
        continue
      }
      const wire = this.at(key, value)
      // The copy has an own `__proto__` if the record has, so this assignment reaches no prototype.
      if (wire !== value) (copy ??= { ...record })[key] = wire
    }
    return copy ?? record
  }

  /** Refuses an object that has properties other than enumerable ones with string keys: they would be lost. */
  checkKeys(value: object): void {
    if (types.isProxy(value)) this.refuse('Proxy')
    if (hasOnlyPlainKeys(value)) return
    this.refuse(Object.getOwnPropertySymbols(value).length > 0 ? 'symbol-keyed property' : 'non-enumerable property')
  }

  /** Refuses the value being written. */
  refuse(kind: string, options?: ErrorOptions): never {
    throw refusal(formatPath(this.#path, this.#segments), kind, options)
  }

  #container(value: object): Wire {
    if (this.#depth >= this.#limits.maxDepth) this.#refuseDepth(value)
    this.#characters += 2
    if (this.#characters > this.#limits.maxBytes) throw tooLong(this.#path, this.#limits)
    this.#ancestors[this.#depth] = value
    this.#depth += 1
    const prototype = Object.getPrototypeOf(value) as object | null
    let wire: Wire
    if (prototype === Object.prototype) wire = this.object(value)
    else if (Array.isArray(value) && isArrayPrototype(prototype)) wire = this.#array(value)
    else wire = specialToWire(this, value, prototype)
    this.#depth -= 1
    return wire
  }

  #array(value: readonly unknown[]): Wire {
    if (!isPlainArray(value)) return this.#unusualArray(value)
    let copy: unknown[] | undefined
    for (let index = 0; index < value.length; index += 1) {
      const element = value[index]
      if (typeof element === 'string') {
        this.#characters += element.length
        continue
      }
      const wire = this.at(index, element)
      if (wire !== element) (copy ??= value.slice())[index] = wire
    }
    return copy ?? value
  }

  /** With holes, or with keys that are no elements, as `String.match` gives it. */
  #unusualArray(value: readonly unknown[]): Wire {
    if (types.isProxy(value)) this.refuse('Proxy')
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('symbol-keyed property')
    const keys = Object.keys(value)
    // The one more is `length`.
    if (Object.getOwnPropertyNames(value).length !== keys.length + 1) this.refuse('non-enumerable property')
    return { $array: [value.length, this.entries(Object.fromEntries(Object.entries(value)), keys)] }
  }

  #refuseDepth(value: object): never {
    const limit = this.#limits.maxDepth
    this.#ancestors[this.#depth] = value
    const first = new Map<object, number>()
    for (const [depth, ancestor] of this.#ancestors.entries()) {
      if (first.has(ancestor)) {
        this.#segments.length = depth
        this.refuse('cycle')
      }
      first.set(ancestor, depth)
    }
    throw new TooLargeError(this.#path, 'is nested too deeply', 'maxDepth', limit)
  }
}

export function tooLong(path: string, limits: ValueLimits): TooLargeError {
  return new TooLargeError(path, 'is too long (in characters of JSON text)', 'maxBytes', limits.maxBytes)
}
