/** The functions of the value codec. Whatever goes wrong inside becomes a typed error. */

import { constants } from 'node:buffer'
import { CheckpointerError, TooLargeError, UnreadableValueError } from '../../errors.ts'
import { fromWire } from './from-wire.ts'
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from './limits.ts'
import { type LongTexts, stringifyWithDetour } from './long-text.ts'
import { matchesTree } from './matches.ts'
import { officialFromWire } from './official.ts'
import { refusal } from './refuse.ts'
import { WireWriter, tooLong } from './to-wire.ts'

/**
 * The JSON text of one value. Throws `UnserializableValueError` or `TooLargeError` with the place in the value, which
 * starts with `path` (`channel_values.messages[3]`, or `$`).
 */
export function stringifyValue(value: unknown, path: string, limits: ValueLimits = DEFAULT_VALUE_LIMITS): string {
  const maxLength = Math.min(limits.maxChars, constants.MAX_STRING_LENGTH)
  try {
    const text =
      stringifyWithDetour((long) => wireOf(value, path, limits, long), maxLength) ??
      JSON.stringify(wireOf(value, path, limits))
    if (text.length > maxLength) throw tooLong(path, limits)
    return text
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw exhausted(error, path, limits) ?? refusal(path, THROWING, { cause: error })
  }
}

/** The value itself as far as it is plain JSON data. */
function wireOf(value: unknown, path: string, limits: ValueLimits, long?: LongTexts): unknown {
  if (hasForeignToJson()) throw refusal(path, 'value in a process where every object has a toJSON')
  const writer = new WireWriter(path, limits, long)
  try {
    return writer.write(value)
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw exhausted(error, path, limits) ?? writer.refusalHere(THROWING, { cause: error })
  }
}

const THROWING = 'value that throws when it is read'

/** What to say if the stack, or the longest possible string, ran out before a limit that was set high. */
function exhausted(error: unknown, path: string, limits: ValueLimits): TooLargeError | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return new TooLargeError(path, 'is nested too deeply', 'maxDepth', limits.maxDepth)
  }
  const isLong =
    error instanceof RangeError
      ? /string length/i.test(error.message)
      : Reflect.get(error, 'code') === 'ERR_STRING_TOO_LONG'
  return isLong ? tooLong(path, limits) : undefined
}

/** `JSON.stringify` would call it behind the walk's back. */
function hasForeignToJson(): boolean {
  return 'toJSON' in Object.prototype || 'toJSON' in Array.prototype
}

/** The wire tree of a text that `stringifyValue` made. Plain JSON data; whoever holds it must not change it. */
export function parseWire(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message quotes the text, so it is not passed on.
    throw new UnreadableValueError(`its ${text.length} characters are not JSON`)
  }
}

/** A fresh value built from a wire tree. It shares no object with the tree, which can be revived again. */
export function reviveWire(wire: unknown): unknown {
  return guarded(fromWire, wire)
}

/** A fresh value built from the parsed text of LangGraph's own serializer. */
export function reviveOfficial(parsed: unknown): unknown {
  return guarded(officialFromWire, parsed)
}

function guarded(revive: (wire: unknown) => unknown, wire: unknown): unknown {
  try {
    return revive(wire)
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw new UnreadableValueError(
      error instanceof RangeError
        ? 'it is nested too deeply or too large for this process'
        : 'it holds data of an unknown form',
    )
  }
}

/**
 * Whether `stringifyValue(value)` would give a text that parses to exactly this wire tree, key order included. False for
 * a value that can't be stored.
 *
 * Much cheaper than writing the value, and it misses no change in it, at whatever depth. Only what no text can hold at
 * all is not looked for: properties with a symbol for a key, properties that are not enumerable, and Proxies.
 */
export function matchesWire(value: unknown, wire: unknown): boolean {
  try {
    return matchesTree(value, wire)
  } catch {
    return false
  }
}
