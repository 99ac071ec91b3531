/** The functions of the value codec. Whatever goes wrong inside becomes a typed error. */

import { constants } from 'node:buffer'
import { CheckpointerError, TooLargeError, UnreadableValueError } from '../../errors.ts'
import { WireReader } from './from-wire.ts'
import { DEFAULT_VALUE_LIMITS, type ValueLimits, type ValueRules } from './limits.ts'
import { type LongTexts, stringifyWithDetour } from './long-text.ts'
import { matchesTree } from './matches.ts'
import { officialFromWire } from './official.ts'
import { refusal } from './refuse.ts'
import { WireWriter, tooLong } from './to-wire.ts'

/**
 * The JSON text of one value. Throws `UnserializableValueError` or `TooLargeError` with the place in the value, which
 * starts with `path` (`channel_values.messages[3]`, or `$`).
 */
export function stringifyValue(value: unknown, path: string, rules: ValueRules = DEFAULT_VALUE_LIMITS): string {
  const maxLength = Math.min(rules.maxChars, constants.MAX_STRING_LENGTH)
  try {
    const text =
      stringifyWithDetour((long) => wireOf(value, path, rules, long), maxLength) ??
      JSON.stringify(wireOf(value, path, rules))
    if (text.length > maxLength) throw tooLong(path, rules)
    return text
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw exhausted(error, path, rules) ?? refusal(path, THROWING, { cause: error })
  }
}

/** The value itself as far as it is plain JSON data. */
function wireOf(value: unknown, path: string, rules: ValueRules, long?: LongTexts): unknown {
  if (hasForeignToJson()) throw refusal(path, 'value in a process where every object has a toJSON')
  const writer = new WireWriter(path, rules, long)
  try {
    return writer.write(value)
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw exhausted(error, path, rules) ?? writer.refusalHere(THROWING, { cause: error })
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

/** The wire tree of a text that `stringifyValue` made: plain JSON data. It may be shared, so it must not be changed. */
export function parseWire(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's own message quotes the text, so it is not passed on.
    throw new UnreadableValueError(`its ${text.length} characters are not JSON`)
  }
}

/** A fresh value built from a wire tree. It shares no object with the tree, which can be revived again. */
export function reviveWire(wire: unknown, rules: ValueRules = DEFAULT_VALUE_LIMITS): unknown {
  return new ValueReader(rules).revive(wire)
}

/** Builds one value from several wire trees, within the limits of one. */
export class ValueReader {
  readonly #reader: WireReader

  constructor(rules: ValueRules) {
    this.#reader = new WireReader(rules)
  }

  revive(wire: unknown): unknown {
    if (typeof wire !== 'object' || wire === null) return wire
    return guarded(() => this.#reader.read(wire))
  }

  /** Counts an item that is looked at, so that few rows can't keep the reader busy for long. */
  visit(chars: number = 0): void {
    this.#reader.visit(chars)
  }

  /** The elements of a tree that holds several. */
  elements(wire: unknown): readonly unknown[] {
    if (!Array.isArray(wire)) throw new UnreadableValueError('it is stored in a form that this release does not know')
    this.#reader.spend(wire.length)
    return wire
  }
}

/** A fresh value built from the parsed text of LangGraph's own serializer. */
export function reviveOfficial(parsed: unknown): unknown {
  return guarded(() => officialFromWire(parsed))
}

function guarded(revive: () => unknown): unknown {
  try {
    return revive()
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
 * all is not looked for: enumerable properties with a symbol for a key, and Proxies.
 */
export function matchesWire(value: unknown, wire: unknown, rules: ValueRules = DEFAULT_VALUE_LIMITS): boolean {
  try {
    return matchesTree(value, wire, rules)
  } catch {
    return false
  }
}
