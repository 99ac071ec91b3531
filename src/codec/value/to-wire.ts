/** Writing: from a value to its wire tree. What is plain JSON already, and has no long strings, is passed on, not copied. */

import { types } from 'node:util'
import { TooLargeError } from '../../errors.ts'
import type { ValueLimits, ValueRules } from './limits.ts'
import type { LongTexts } from './long-text.ts'
import { type Wire, escapeKey, isMarkerKey, isOwn } from './markers.ts'
import { bigIntToWire, numberToWire } from './numbers.ts'
import { faultOfKeys, isArrayPrototype, isDense } from './plain.ts'
import type { ContainerWriter } from './container-writer.ts'
import { type PathSegment, formatPath, refusal } from './refuse.ts'
import { specialToWire } from './special-to-wire.ts'

/** `{"$map":[[key,value]]}`: at most so many containers inside one another for one of the value's. */
const LEVELS_OF_A_MARKER = 3

/** One walk over one value. The containers on the way down are kept, to name the place of what is refused. */
export class WireWriter implements ContainerWriter {
  readonly #path: string
  readonly rules: ValueRules
  readonly #long: LongTexts | undefined
  readonly #ancestors: object[] = []
  readonly #segments: PathSegment[] = []
  #depth = 0
  /** How deep the wire tree is here. */
  #levels = 0
  /** A lower bound of the text's length, so that a graph of shared objects can't keep the walk busy for ever. */
  #characters = 0
  /** Elements and entries. */
  #items = 0

  /** @param long takes the long strings; the tree has a mark in place of each */
  constructor(path: string, rules: ValueRules, long?: LongTexts) {
    this.#path = path
    this.rules = rules
    this.#long = long
  }

  write(value: unknown): Wire {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'boolean':
        return value
      case 'number':
        return numberToWire(value)
      case 'undefined':
        return { $undefined: true }
      case 'bigint':
        return bigIntToWire(value) ?? this.#refuseHere('bigint of more than 100,000 digits')
      case 'object':
        return value === null ? null : this.#container(value)
      default:
        return this.#refuseHere(typeof value)
    }
  }

  /** Writes what the container being written holds at `segment`. */
  at(segment: PathSegment, value: unknown): Wire {
    this.#segments[this.#depth - 1] = segment
    return this.write(value)
  }

  /** Writes a value that stands for the container being written, at its place. */
  inner(value: unknown): Wire {
    this.#segments[this.#depth - 1] = null
    return this.write(value)
  }

  /** Notes that the container being written does not come back as what it is; refuses it where people ask for that. */
  lose(className: string, kind: string, keptAs: string): void {
    if (this.rules.unknownClasses === 'reject') this.refuse(kind)
    this.rules.onLostClass?.({
      className,
      keptAs,
      path: formatPath(this.#path, this.#segments.slice(0, this.#depth - 1)),
    })
  }

  /** An ordinary object, escaped where it looks like a marker. Properties that are not enumerable are no data. */
  object(value: object): Wire {
    this.checkKeys(value)
    // JSON.stringify would call it.
    const record = (Object.hasOwn(value, 'toJSON') ? { ...value } : value) as Record<string, unknown>
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
      this.#items += 1
      this.#segments[at] = key
      const value = record[key]
      const wire = typeof value === 'string' ? this.#text(value) : this.write(value)
      // The copy has an own `__proto__` if the record has, so this assignment reaches no prototype.
      if (wire !== value) (copy ??= { ...record })[key] = wire
    }
    return copy ?? record
  }

  /** Refuses an object that has enumerable properties with symbols for keys: they would be lost. */
  checkKeys(value: object): void {
    const fault = faultOfKeys(value)
    if (fault !== undefined) this.refuse(fault)
  }

  /** Notes that the text will have so many characters more. */
  count(characters: number): void {
    this.#characters += characters
    if (this.#characters > this.rules.maxChars) throw tooLong(this.#path, this.rules)
    if (this.#items > this.rules.maxItems) throw tooMany(this.#path, this.rules)
  }

  /** Notes that the value will have so many elements or entries more. */
  countItems(items: number): void {
    this.#items += items
    this.count(items)
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
    return this.#long === undefined ? value : this.#long.defer(value)
  }

  #refuseHere(kind: string): never {
    throw this.refusalHere(kind)
  }

  #container(value: object): Wire {
    const prototype = Object.getPrototypeOf(value) as object | null
    const isProxy = types.isProxy(value)
    const isArray = !isProxy && Array.isArray(value) && isArrayPrototype(prototype)
    const isPlain = isArray || (!isProxy && prototype === Object.prototype)
    const levels = isPlain ? 1 : LEVELS_OF_A_MARKER
    this.#ancestors[this.#depth] = value
    this.#levels += levels
    if (this.#levels > this.rules.maxDepth) this.#refuseDepth()
    this.#items += 4
    this.count(2)
    this.#depth += 1
    this.#segments[this.#depth - 1] = null
    let wire: Wire
    if (isArray) wire = this.array(value as readonly unknown[])
    else if (isPlain) wire = this.object(value)
    else wire = specialToWire(this, value, prototype)
    this.#depth -= 1
    this.#levels -= levels
    return wire
  }

  /** An array of no subclass. Properties that are not enumerable are no data. */
  array(value: readonly unknown[]): Wire {
    this.countItems(value.length)
    this.checkKeys(value)
    // With holes, or with keys that are no elements, as `String.match` gives it.
    if (!isDense(value)) return { $array: [value.length, this.entries(Object.fromEntries(Object.entries(value)))] }
    // JSON.stringify would call the toJSON of an array that has one.
    let copy: unknown[] | undefined = 'toJSON' in value ? value.slice() : undefined
    for (let index = 0; index < value.length; index += 1) {
      const element = value[index]
      this.#segments[this.#depth - 1] = index
      const wire = typeof element === 'string' ? this.#text(element) : this.write(element)
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
    throw new TooLargeError(this.#path, 'is nested too deeply', 'maxDepth', this.rules.maxDepth)
  }
}

export function tooLong(path: string, limits: ValueLimits): TooLargeError {
  return new TooLargeError(path, 'is too long (in characters of JSON text)', 'maxChars', limits.maxChars)
}

function tooMany(path: string, limits: ValueLimits): TooLargeError {
  return new TooLargeError(path, 'has too many elements and entries', 'maxItems', limits.maxItems)
}
