/**
 * Comparing a value with a wire tree without writing it: the way to know that an element of a list is still what was
 * stored.
 *
 * It looks at everything that a tree can hold, so that no change in place is missed. It does not look for what no tree
 * can hold (enumerable properties with a symbol for a key, Proxies): that would take as long as all the rest. Such a
 * property, added to an object in place, is refused when the object is next written.
 */

import { baseOf, hasClassSymbols, isSpread, ownFields } from './instance.ts'
import type { ValueRules } from './limits.ts'
import { type Wire, type WireRecord, escapeKey, isMarkerKey, isOwn, isWireRecord } from './markers.ts'
import { equalsData, isArrayPrototype, isDense } from './plain.ts'
import { recognise } from './recognise.ts'
import { WireWriter } from './to-wire.ts'

/** Whether writing `value` would give exactly this tree, key order included. May throw what writing throws. */
export function matchesTree(value: unknown, wire: Wire, rules: ValueRules): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value === wire
    case 'number':
      if (typeof wire !== 'number') return matchesOther(value, wire, rules)
      return value === wire && Number.isFinite(value) && !Object.is(value, -0) && !Object.is(wire, -0)
    case 'object':
      if (value === null) return wire === null
      if (typeof wire !== 'object' || wire === null) return isInstance(value) && matchesOther(value, wire, rules)
      return Array.isArray(wire) ? matchesArray(value, wire, rules) : matchesRecord(value, wire as WireRecord, rules)
    default:
      return matchesOther(value, wire, rules)
  }
}

function matchesArray(value: object, wire: readonly Wire[], rules: ValueRules): boolean {
  if (isInstance(value)) return matchesOther(value, wire, rules)
  if (!Array.isArray(value) || value.length !== wire.length || !isDense(value)) return false
  for (let index = 0; index < wire.length; index += 1) if (!matchesTree(value[index], wire[index], rules)) return false
  return true
}

/** Whether it may be written as anything, by its class's `toJSON` for instance. */
function isInstance(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype !== Object.prototype && !isArrayPrototype(prototype)
}

function matchesRecord(value: object, wire: WireRecord, rules: ValueRules): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return matchesObject(value as WireRecord, wire, rules)
  const message = wire['$message']
  if (message === undefined || prototype === null) return matchesOther(value, wire, rules)
  return matchesMessage(value, prototype, message, wire, rules)
}

function matchesObject(value: WireRecord, wire: WireRecord, rules: ValueRules): boolean {
  const wireKeys = Object.keys(wire)
  let index = 0
  for (const key in value) {
    if (!isOwn.call(value, key)) continue
    if (key !== wireKeys[index])
      return index === 0 && isMarkerKey(key) && matchesEscaped(value, key, wire, wireKeys, rules)
    if (!matchesTree(value[key], wire[key], rules)) return false
    index += 1
  }
  return index === wireKeys.length && !(index === 1 && isMarkerKey(wireKeys[0] as string))
}

function matchesEscaped(
  value: WireRecord,
  key: string,
  wire: WireRecord,
  wireKeys: readonly string[],
  rules: ValueRules,
): boolean {
  const escaped = escapeKey(key)
  if (wireKeys.length !== 1 || wireKeys[0] !== escaped || Object.keys(value).length !== 1) return false
  return matchesTree(value[key], wire[escaped], rules)
}

/** A message is compared where it is, if its marker is of the short form that nearly all have. */
function matchesMessage(
  value: object,
  prototype: object,
  argument: Wire,
  wire: WireRecord,
  rules: ValueRules,
): boolean {
  const known = recognise(value, prototype)
  const base = known?.tag === '$message' ? baseOf(value, known) : undefined
  if (
    known === undefined ||
    base === undefined ||
    Object.getPrototypeOf(base) !== Object.prototype ||
    isSpread(base, known)
  ) {
    return matchesOther(value, wire, rules)
  }
  if (!Array.isArray(argument) || argument.length !== 2) return matchesOther(value, wire, rules)
  return (
    argument[0] === known.name &&
    isWireRecord(argument[1]) &&
    hasClassSymbols(value, known) &&
    ownFields(value, known, base) === undefined &&
    matchesObject(base as WireRecord, argument[1], rules) &&
    Object.keys(wire).length === 1
  )
}

/** For kinds that are rare in lists: writes the value and compares. */
function matchesOther(value: unknown, wire: Wire, rules: ValueRules): boolean {
  return equalsData(new WireWriter('$', { ...rules, onLostClass: undefined }).write(value), wire)
}
