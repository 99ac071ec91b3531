/** Writing: from a value to its wire tree. What is plain JSON already, and has no long strings, is passed on, not copied. */

import { types } from 'node:util'
import { TooLargeError } from '../../errors.ts'
import type { ValueLimits } from './limits.ts'
import { LONG_CHARS, type LongTexts } from './long-text.ts'
import { type Wire, escapeKey, isMarkerKey, isOwn } from './markers.ts'
import { isArrayPrototype, isDense } from './plain.ts'
import { type PathSegment, formatPath, refusal } from './refuse.ts'
import { specialToWire } from './special-to-wire.ts'

/** `{"$map":[[key,value]]}`: at most so many containers inside one another for one of the value's. */
const LEVELS_OF_A_MARKER = 3

/** One walk over one value. The containers on the way down are kept, to name the place of what is refused. */
export class WireWriter {
  readonly #path: string
  readonly #limits: ValueLimits
  readonly #long: LongTexts | undefined
  readonly #ancestors: object[] = []
  readonly #segments: PathSegment[] = []
  #depth = 0
  /** How deep the wire tree is here. */
  #levels = 0
  /** A lower bound of the text's length, so that a graph of shared objects can't keep the walk busy for ever. */
  #characters = 0

  /** @param long takes the long strings; the tree has a mark in place of each */
  constructor(path: string, limits: ValueLimits, long?: LongTexts) {
    this.#path = path
    this.#limits = limits
    this.#long = long
  }

  write(value: unknown): Wire {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
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
        throw this.refusalHere(typeof value)
    }
  }

  /** Writes what the container being written holds at `segment`. */
  at(segment: PathSegment, value: unknown): Wire {
    this.#segments[this.#depth - 1] = segment
    return this.write(value)
  }

  /** An ordinary object, escaped where it looks like a marker. */
  object(value: object): Wire {
    this.checkKeys(value)
    const record = value as Record<string, unknown>
    const wire = this.entries(record)
    for (const key in record) {
      if (isMarkerKey(key) && isOwn.call(record, key) && Object.keys(record).length === 1)
        return { [escapeKey(key)]: wire[key] }
      break
    }
    return wire
  }

  /** The record itself if all its entries are plain, else a copy in which they are. */
  entries(record: Record<string, unknown>): Record<string, Wire> {
    let copy: Record<string, Wire> | undefined
    const at = this.#depth - 1
    // A third of the time of `Object.keys` and a loop over it.
    for (const key in record) {
      if (!isOwn.call(record, key)) continue
      this.#segments[at] = key
      const value = record[key]
      if (typeof value === 'string' && value.length < LONG_CHARS) {
        this.#characters += value.length
        continue
      }
      const wire = this.write(value)
      // The copy has an own `__proto__` if the record has, so this assignment reaches no prototype.
      if (wire !== value) (copy ??= { ...record })[key] = wire
    }
    return copy ?? record
  }

  /** Refuses an object that has properties other than enumerable ones with string keys: they would be lost. */
  checkKeys(value: object): void {
    if (types.isProxy(value)) this.refuse('Proxy')
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('symbol-keyed property')
    const hidden = Object.getOwnPropertyNames(value).length - Object.keys(value).length
    if (hidden > (types.isRegExp(value) || isStandardSchema(value) ? 1 : 0)) this.refuse('non-enumerable property')
  }

  /** Notes that the text will have so many characters more. */
  count(characters: number): void {
    this.#characters += characters
    if (this.#characters > this.#limits.maxBytes) throw tooLong(this.#path, this.#limits)
  }

  /** Refuses the container being written. */
  refuse(kind: string): never {
    throw refusal(formatPath(this.#path, this.#segments.slice(0, this.#depth - 1)), kind)
  }

  /** The refusal of what the container being written holds where the walk is. */
  refusalHere(kind: string, options?: ErrorOptions): Error {
    return refusal(formatPath(this.#path, this.#segments.slice(0, this.#depth)), kind, options)
  }

  #text(value: string): string {
    this.count(value.length)
    return value.length < LONG_CHARS || this.#long === undefined ? value : this.#long.defer(value)
  }

  #container(value: object): Wire {
    const prototype = Object.getPrototypeOf(value) as object | null
    const isPlain = prototype === Object.prototype || Array.isArray(value)
    const levels = isPlain ? 1 : LEVELS_OF_A_MARKER
    this.#ancestors[this.#depth] = value
    this.#levels += levels
    if (this.#levels > this.#limits.maxDepth) this.#refuseDepth()
    this.count(2)
    this.#depth += 1
    let wire: Wire
    if (prototype === Object.prototype) wire = this.object(value)
    else if (isPlain && isArrayPrototype(prototype)) wire = this.#array(value as readonly unknown[])
    else wire = specialToWire(this, value, prototype)
    this.#depth -= 1
    this.#levels -= levels
    return wire
  }

  #array(value: readonly unknown[]): Wire {
    if (types.isProxy(value)) this.refuse('Proxy')
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('symbol-keyed property')
    // With holes, or with keys that are no elements, as `String.match` gives it.
    if (!isDense(value)) return { $array: [value.length, this.entries(Object.fromEntries(Object.entries(value)))] }
    let copy: unknown[] | undefined
    for (let index = 0; index < value.length; index += 1) {
      const element = value[index]
      if (typeof element === 'string' && element.length < LONG_CHARS) {
        this.#characters += element.length
        continue
      }
      this.#segments[this.#depth - 1] = index
      const wire = this.write(element)
      if (wire !== element) (copy ??= value.slice())[index] = wire
    }
    return copy ?? value
  }

  #refuseDepth(): never {
    const seen = new Set<object>()
    for (const [depth, ancestor] of this.#ancestors.slice(0, this.#depth + 1).entries()) {
      if (seen.has(ancestor)) throw refusal(formatPath(this.#path, this.#segments.slice(0, depth)), 'cycle')
      seen.add(ancestor)
    }
    throw new TooLargeError(this.#path, 'is nested too deeply', 'maxDepth', this.#limits.maxDepth)
  }
}

export function tooLong(path: string, limits: ValueLimits): TooLargeError {
  return new TooLargeError(path, 'is too long (in characters of JSON text)', 'maxBytes', limits.maxBytes)
}

/**
 * Whether a hidden `~standard` is among its properties (standardschema.dev), as in the JSON Schemas that Zod makes. LangGraph
 * stores such a schema with a question that has a `responseSchema`. The property holds functions that validate; the schema
 * itself is in the others.
 */
function isStandardSchema(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, '~standard')?.enumerable === false
}
