/**
 * Instances of known classes as data, without their constructors.
 *
 * An instance of LangChain is mostly what its constructor was given: `lc_kwargs` (the *base*) holds the arguments, and
 * own fields repeat them. So the base is stored, and of the own fields only those that it does not imply. Reviving sets
 * the fields directly: nothing that was stored runs through a constructor, and what a constructor would change (parse
 * tool calls again, move content into content blocks) stays as it was. LangChain's `load()` gives an equal message where
 * it loses nothing; where it does (a field set after construction, a key that it spells otherwise), the original wins.
 */

import type { Field, KnownClass } from './known-class.ts'
import { type Wire, setOwn } from './markers.ts'
import { equalsData } from './plain.ts'

/** An instance taken apart. */
export interface InstanceParts {
  /** What its constructor was given; undefined for classes that don't keep it. */
  readonly base: object | undefined
  /** The base was made by spreading another instance, which copied the class's symbol into it. */
  readonly spread: boolean
  /** The own fields that the base does not imply; undefined if there are none. */
  readonly own: Record<string, unknown> | undefined
}

/** Why an instance can't be taken apart. */
export type InstanceFault = 'symbol-keyed property' | 'LangChain object without lc_kwargs'

/** Takes an instance apart, or says why that can't be done without loss. */
export function takeApart(instance: object, known: KnownClass): InstanceParts | InstanceFault {
  const fault = faultOf(instance, known)
  if (fault !== undefined) return fault
  if (known.base === undefined) return { base: undefined, spread: false, own: ownFields(instance, known, undefined) }
  const base = baseOf(instance, known)
  if (base === undefined) return 'LangChain object without lc_kwargs'
  const own = ownFields(instance, known, base)
  if (!isSpread(base, known)) return { base, spread: false, own }
  const faultOfBase = faultOf(base, known)
  if (faultOfBase !== undefined) return faultOfBase
  const plain = { ...base } as Record<PropertyKey, unknown>
  for (const symbol of known.symbols) Reflect.deleteProperty(plain, symbol)
  return { base: plain, spread: true, own }
}

/**
 * An instance of these parts, which become part of it. Its fields are set one by one in the class's order: the class
 * field initializers of a constructor cost three times as much.
 */
export function putTogether(known: KnownClass, parts: InstanceParts): object {
  const { base, own, spread } = parts
  const instance = Object.create(known.prototype) as Record<PropertyKey, unknown>
  for (const field of known.fields) instance[field.name] = field.isBase ? base : fieldValue(field, base)
  if (typeof known.base === 'symbol') instance[known.base] = base
  for (const symbol of known.symbols) instance[symbol] = true
  if (own !== undefined) for (const key of Object.keys(own)) if (key !== known.base) setOwn(instance, key, own[key])
  if (spread) for (const symbol of known.symbols) (base as Record<symbol, unknown>)[symbol] = true
  return instance
}

/** What the instance's constructor was given. */
export function baseOf(instance: object, known: KnownClass): object | undefined {
  const base: unknown = known.base === undefined ? undefined : (instance as Record<PropertyKey, unknown>)[known.base]
  return typeof base === 'object' && base !== null ? base : undefined
}

/** The own fields that the base does not imply; undefined if there are none. */
export function ownFields(
  instance: object,
  known: KnownClass,
  base: object | undefined,
): Record<string, unknown> | undefined {
  const keys = Object.keys(instance)
  if (!sameStrings(keys, known.keys)) return unusualFields(instance as Record<string, unknown>, keys, known, base)
  const values: readonly unknown[] = Object.values(instance) // in one go: a third of the time of a look at each
  const { fields } = known
  let own: Record<string, unknown> | undefined
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] as Field
    if (!field.isBase && !isImplied(values[index], field, base)) (own ??= {})[field.name] = values[index]
  }
  return own
}

/** The same for an instance that lacks fields of its class, or has more. */
function unusualFields(
  values: Record<string, unknown>,
  keys: readonly string[],
  known: KnownClass,
  base: object | undefined,
): Record<string, unknown> | undefined {
  let own: Record<string, unknown> | undefined
  for (const field of known.fields) {
    const value = values[field.name]
    if (!field.isBase && !isImplied(value, field, base)) (own ??= {})[field.name] = value
  }
  for (const key of keys) if (!known.keys.includes(key)) setOwn((own ??= {}), key, values[key])
  return own
}

/** Whether the symbols of its class, by which LangChain tells its messages, are what writing takes them to be. */
export function hasClassSymbols(instance: object, known: KnownClass): boolean {
  for (const symbol of known.symbols) {
    const value = (instance as Record<symbol, unknown>)[symbol]
    if (value !== true && value !== undefined) return false
  }
  return true
}

/** Whether the base was made by spreading another instance. */
export function isSpread(base: object, known: KnownClass): boolean {
  const symbol = known.symbols[0]
  return symbol !== undefined && Object.getPrototypeOf(base) === Object.prototype && Object.hasOwn(base, symbol)
}

/** Says that the base implies nothing for a field, so that it is as the class sets it. */
const NOTHING: unique symbol = Symbol('nothing given')

/** What the base implies for a field. The one rule that writing and reading share. */
function given(field: Field, base: object | undefined): unknown {
  if (base === undefined || field.fixed) return NOTHING
  const values = base as Record<string, unknown>
  const value = values[field.name]
  if (value !== undefined) return value
  // A message in LangChain's v1 format is given its content under another name.
  if (field.name === 'content' && values['contentBlocks'] !== undefined) return values['contentBlocks']
  return field.fallback === undefined || Object.hasOwn(base, field.name) ? undefined : NOTHING
}

function fieldValue(field: Field, base: object | undefined): unknown {
  const value = given(field, base)
  if (value !== NOTHING) return value
  const { fallback } = field
  if (typeof fallback !== 'object' || fallback === null) return fallback
  return Array.isArray(fallback) ? fallback.slice() : { ...fallback }
}

function isImplied(value: unknown, field: Field, base: object | undefined): boolean {
  // What holds for nearly all fields, first. (Equal zeros may differ in their sign.)
  if (!field.fixed && value !== undefined && value !== 0 && (base as Record<string, unknown>)?.[field.name] === value)
    return true
  const implied = given(field, base)
  return implied === NOTHING ? equalsFallback(value, field.fallback) : Object.is(value, implied)
}

function equalsFallback(value: unknown, fallback: Wire): boolean {
  if (typeof fallback !== 'object') return value === fallback
  if (!Array.isArray(fallback) || !Array.isArray(value)) return equalsData(value, fallback)
  return sameStrings(value, fallback) && Object.keys(value).length === fallback.length
}

/** Whether an object has enumerable symbols for keys that are not its class's. All in one look: that is what takes the time. */
function faultOf(value: object, known: KnownClass): InstanceFault | undefined {
  const keys = Reflect.ownKeys(value)
  for (let at = keys.length - 1; at >= 0; at -= 1) {
    const key = keys[at] as string | symbol // symbols come last
    if (typeof key === 'string') break
    if (key === known.base || !Object.prototype.propertyIsEnumerable.call(value, key)) continue
    if (!known.symbols.includes(key) || Reflect.get(value, key) !== true) return 'symbol-keyed property'
  }
  return undefined
}

function sameStrings(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false
  return true
}
