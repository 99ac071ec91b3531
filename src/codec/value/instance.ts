/**
 * Instances of known classes as data, without their constructors.
 *
 * An instance of LangChain is mostly what its constructor was given: `lc_kwargs` (the *base*) holds the arguments, and
 * own fields repeat them. So the base is stored, and of the own fields only those that it does not imply. Reviving sets
 * the fields directly: nothing that was stored runs through a constructor, and what a constructor would change (parse
 * tool calls anew, move content into content blocks) stays as it was. LangChain's `load()` gives an equal message where
 * it loses nothing; where it does (a field set after construction, a key that it spells otherwise), the original wins.
 */

import type { Field, KnownClass } from './known-class.ts'
import { setOwn } from './markers.ts'
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
export type InstanceFault = 'symbol-keyed property' | 'non-enumerable property' | 'LangChain object without lc_kwargs'

export function takeApart(instance: object, known: KnownClass): InstanceParts | InstanceFault {
  const keys = Object.keys(instance)
  if (Object.getOwnPropertyNames(instance).length !== keys.length) return 'non-enumerable property'
  if (!hasOnlySymbols(instance, known)) return 'symbol-keyed property'
  if (known.base === undefined)
    return { base: undefined, spread: false, own: ownFields(instance, keys, known, undefined) }
  const base = (instance as Record<PropertyKey, unknown>)[known.base]
  if (typeof base !== 'object' || base === null) return 'LangChain object without lc_kwargs'
  const own = ownFields(instance, keys, known, base)
  if (known.symbols.length === 0 || !known.symbols.some((symbol) => Object.hasOwn(base, symbol)) || !isLiteral(base)) {
    return { base, spread: false, own }
  }
  if (!hasOnlySymbols(base, known)) return 'symbol-keyed property'
  const plain = { ...base } as Record<PropertyKey, unknown>
  for (const symbol of known.symbols) Reflect.deleteProperty(plain, symbol)
  return { base: plain, spread: true, own }
}

/** An instance of these parts, which become part of it. */
export function putTogether(known: KnownClass, parts: InstanceParts): object {
  const { base, own } = parts
  const instance = Object.create(known.prototype) as Record<PropertyKey, unknown>
  let next = 0
  for (const key of known.keys) {
    if (key === known.base) {
      instance[key] = base
      continue
    }
    const field = known.fields[next++] as Field
    instance[key] = own !== undefined && Object.hasOwn(own, key) ? own[key] : impliedValue(field, base)
  }
  if (typeof known.base === 'symbol') instance[known.base] = base
  for (const symbol of known.symbols) instance[symbol] = true
  if (own !== undefined)
    for (const key of Object.keys(own)) if (!known.keys.includes(key)) setOwn(instance, key, own[key])
  if (parts.spread) for (const symbol of known.symbols) (base as Record<symbol, unknown>)[symbol] = true
  return instance
}

function ownFields(
  instance: object,
  keys: readonly string[],
  known: KnownClass,
  base: object | undefined,
): Record<string, unknown> | undefined {
  const values = instance as Record<string, unknown>
  let own: Record<string, unknown> | undefined
  for (const field of known.fields) {
    const value = values[field.name]
    if (!isImplied(value, field, base)) (own ??= {})[field.name] = value
  }
  if (!sameKeys(keys, known.keys)) {
    for (const key of keys) if (!known.keys.includes(key)) setOwn((own ??= {}), key, values[key])
  }
  return own
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
  return Object.hasOwn(base, field.name) ? undefined : NOTHING
}

function impliedValue(field: Field, base: object | undefined): unknown {
  const value = given(field, base)
  if (value !== NOTHING) return value
  return typeof field.fallback === 'object' ? structuredClone(field.fallback) : field.fallback
}

function isImplied(value: unknown, field: Field, base: object | undefined): boolean {
  const implied = given(field, base)
  return implied === NOTHING ? equalsData(value, field.fallback) : Object.is(value, implied)
}

function hasOnlySymbols(value: object, known: KnownClass): boolean {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (symbol === known.base) continue
    if (!known.symbols.includes(symbol) || Reflect.get(value, symbol) !== true) return false
  }
  return true
}

function isLiteral(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype
}

function sameKeys(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false
  return true
}
