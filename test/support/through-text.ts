/** Sends values through the codec. */

import { matchesWire, parseWire, reviveWire, stringifyValue } from '../../src/codec/value.ts'
import { difference } from './strict-equal.ts'

/** The value as it comes back from its text. */
export function throughText<T>(value: T): T {
  return reviveWire(parseWire(stringifyValue(value, '$'))) as T
}

/** Throws unless the value comes back as it was, and matches what was written. */
export function mustComeBack(value: unknown): void {
  const text = stringifyValue(value, '$')
  const wire = parseWire(text)
  mustEqual(reviveWire(wire), value, text)
  if (!matchesWire(value, wire)) throw new Error(`It does not match its own text: ${text}`)
}

/** Throws unless both are strictly equal. */
export function mustEqual(actual: unknown, expected: unknown, about = ''): void {
  const found = difference(actual, expected)
  if (found !== undefined) throw new Error(`${found}; ${about}`)
}

/** The text of a value, or undefined if it can't be stored. */
export function textOrNothing(value: unknown): string | undefined {
  try {
    return stringifyValue(value, '$')
  } catch {
    return undefined
  }
}
