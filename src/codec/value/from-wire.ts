/** Reading: from a wire tree to a fresh value. The tree stays as it is, and the value shares no object with it. */

import { UnreadableValueError } from '../../errors.ts'
import { reviveError } from './error-value.ts'
import { reviveInstance } from './instance-marker.ts'
import { decodeBytes } from './bytes.ts'
import {
  type Wire,
  type WireRecord,
  isEscapedKey,
  isMarkerKey,
  isOwn,
  isWireRecord,
  mapEntries,
  setOwn,
  unescapeKey,
} from './markers.ts'

export function fromWire(wire: Wire): unknown {
  if (typeof wire !== 'object' || wire === null) return wire
  return Array.isArray(wire) ? reviveElements(wire) : reviveObject(wire as WireRecord)
}

function reviveObject(wire: WireRecord): unknown {
  const copy: Record<string, unknown> = {}
  // Half the time of `Object.keys` and a loop over it. V8 drops the check for own keys where it always holds.
  for (const key in wire) {
    if (!isOwn.call(wire, key)) continue
    const value = wire[key]
    if (isMarkerKey(key) && Object.keys(wire).length === 1) return reviveMarker(key, value)
    const revived = typeof value === 'object' && value !== null ? fromWire(value) : value
    if (key === '__proto__') setOwn(copy, key, revived)
    else copy[key] = revived
  }
  return copy
}

function reviveElements(wire: readonly Wire[]): unknown[] {
  const copy = wire.slice()
  for (let index = 0; index < copy.length; index += 1) {
    const element = copy[index]
    if (typeof element === 'object' && element !== null) copy[index] = fromWire(element)
  }
  return copy
}

/** The closed list of markers. Every argument's form is checked; none selects anything but an entry of a fixed list. */
function reviveMarker(key: string, argument: Wire): unknown {
  if (isEscapedKey(key)) return { [unescapeKey(key)]: fromWire(argument) }
  switch (key) {
    case '$undefined':
      return check(argument === true, key) && undefined
    case '$number':
      return reviveNumber(argument)
    case '$bigint':
      check(typeof argument === 'string' && /^-?(?:0|[1-9][0-9]*)$/.test(argument), key)
      return BigInt(argument as string)
    case '$date':
      return reviveDate(argument)
    case '$map':
      check(Array.isArray(argument) && argument.every((entry) => Array.isArray(entry) && entry.length === 2), key)
      return new Map((argument as [Wire, Wire][]).map(([k, v]) => [fromWire(k), fromWire(v)]))
    case '$set':
      check(Array.isArray(argument), key)
      return new Set(reviveElements(argument as Wire[]))
    case '$array':
      return reviveUnusualArray(argument)
    case '$null':
      check(isWireRecord(argument), key)
      return Object.setPrototypeOf(mapEntries(argument as WireRecord, fromWire), null)
    case '$regexp':
      return reviveRegExp(argument)
    case '$url':
      check(typeof argument === 'string' && URL.canParse(argument), key)
      return new URL(argument as string)
    case '$error':
      return reviveError(argument, fromWire)
    case '$bytes':
      return decodeBytes(argument)
    case '$message':
    case '$lc':
    case '$generation':
    case '$document':
    case '$send':
    case '$overwrite':
    case '$delta':
    case '$command':
      return reviveInstance(key, argument, fromWire)
    default:
      throw new UnreadableValueError('it holds a marker that this release does not know')
  }
}

function check(holds: boolean, key: string): true {
  if (!holds) throw new UnreadableValueError(`${key} has arguments of another form`)
  return true
}

function reviveNumber(argument: Wire): number {
  switch (argument) {
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
      return Number.NEGATIVE_INFINITY
    case '-0':
      return -0
    default:
      throw new UnreadableValueError('$number has arguments of another form')
  }
}

function reviveDate(argument: Wire): Date {
  const date = new Date(typeof argument === 'string' ? argument : Number.NaN)
  check(argument === null || (!Number.isNaN(date.getTime()) && date.toISOString() === argument), '$date')
  return date
}

function reviveRegExp(argument: Wire): RegExp {
  const [source, flags, lastIndex = 0] = Array.isArray(argument) ? (argument as unknown[]) : []
  check(typeof source === 'string' && typeof flags === 'string' && Number.isSafeInteger(lastIndex), '$regexp')
  try {
    const expression = new RegExp(source as string, flags as string)
    expression.lastIndex = lastIndex as number
    return expression
  } catch {
    throw new UnreadableValueError('$regexp holds no regular expression')
  }
}

function reviveUnusualArray(argument: Wire): unknown[] {
  const [length, entries] = Array.isArray(argument) ? (argument as unknown[]) : []
  check(
    Number.isInteger(length) && (length as number) >= 0 && (length as number) < 2 ** 32 && isWireRecord(entries),
    '$array',
  )
  const array: unknown[] = []
  for (const key of Object.keys(entries as WireRecord)) {
    check(key !== 'length', '$array')
    setOwn(array, key, fromWire((entries as WireRecord)[key]))
  }
  check(array.length <= (length as number), '$array')
  array.length = length as number
  return array
}
