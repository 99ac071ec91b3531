/**
 * Comparing a value with a wire tree without writing it: the way to know that an element of a list is still what was
 * stored. It looks at everything that writing would look at, so that no change in place is missed.
 */

import { takeApart } from './instance.ts'
import type { KnownClass } from './known-class.ts'
import { DEFAULT_VALUE_LIMITS } from './limits.ts'
import { type Wire, type WireRecord, escapeKey, isMarkerKey, isWireRecord } from './markers.ts'
import { equalsData, hasOnlyPlainKeys, isArrayPrototype, isPlainArray } from './plain.ts'
import { recognise } from './recognise.ts'
import { WireWriter } from './to-wire.ts'

/** Whether writing `value` would give exactly this tree, key order included. May throw what writing throws. */
export function matchesTree(value: unknown, wire: Wire): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value === wire
    case 'number':
      if (Number.isFinite(value))
        return (Object.is(value, wire) && !Object.is(value, -0)) || (Object.is(value, -0) && matchesOther(value, wire))
      return matchesOther(value, wire)
    case 'object':
      if (value === null || typeof wire !== 'object' || wire === null) return value === wire
      return matchesContainer(value, wire)
    default:
      return matchesOther(value, wire)
  }
}

function matchesContainer(value: object, wire: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return isWireRecord(wire) && matchesObject(value, wire)
  if (Array.isArray(value) && isArrayPrototype(prototype) && isPlainArray(value))
    return Array.isArray(wire) && matchesElements(value, wire)
  if (!isWireRecord(wire)) return false
  const known = prototype === null ? undefined : recognise(value, prototype)
  return known === undefined ? matchesOther(value, wire) : matchesInstance(value, known, wire)
}

function matchesElements(value: readonly unknown[], wire: readonly Wire[]): boolean {
  if (value.length !== wire.length) return false
  for (let index = 0; index < value.length; index += 1) if (!matchesTree(value[index], wire[index])) return false
  return true
}

function matchesObject(value: object, wire: WireRecord): boolean {
  if (!hasOnlyPlainKeys(value)) return false
  const keys = Object.keys(value)
  const first = keys[0]
  if (keys.length === 1 && first !== undefined && isMarkerKey(first)) {
    const escaped = escapeKey(first)
    return (
      Object.hasOwn(wire, escaped) &&
      Object.keys(wire).length === 1 &&
      matchesTree(Reflect.get(value, first), wire[escaped])
    )
  }
  return matchesEntries(value as WireRecord, keys, wire)
}

function matchesEntries(value: WireRecord, keys: readonly string[], wire: WireRecord): boolean {
  const wireKeys = Object.keys(wire)
  if (wireKeys.length !== keys.length) return false
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string
    if (key !== wireKeys[index] || !matchesTree(value[key], wire[key])) return false
  }
  return true
}

function matchesInstance(instance: object, known: KnownClass, wire: WireRecord): boolean {
  if (known.tag !== '$message') return matchesOther(instance, wire)
  const argument = wire['$message']
  if (!Array.isArray(argument) || argument[0] !== known.name || Object.keys(wire).length !== 1) return false
  const parts = takeApart(instance, known)
  if (typeof parts === 'string') return false
  const base = parts.base as object
  if (Object.getPrototypeOf(base) !== Object.prototype) return matchesOther(instance, wire)
  if (!isWireRecord(argument[1]) || !matchesObject(base, argument[1])) return false
  if (parts.own === undefined && !parts.spread) return argument.length === 2
  return matchesOther(instance, wire)
}

/** For kinds that are rare in lists: writes the value and compares. */
function matchesOther(value: unknown, wire: Wire): boolean {
  return equalsData(new WireWriter('$', DEFAULT_VALUE_LIMITS).write(value), wire)
}
