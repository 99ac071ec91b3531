/**
 * The detour of long strings, for Node 20 only. The JSON.stringify of its V8 looks at one character after the other (2.7 ns
 * each; newer ones take a third of that). So a mark is written in place of each long string, and afterwards the string's
 * own JSON text, made in a third of the time, is put there.
 *
 * When Node 20 is dropped, delete this file, its call in codec.ts, and the parameter `long` of `WireWriter`.
 */

import { randomBytes } from 'node:crypto'
import type { Wire } from './markers.ts'

/** Strings of this length or more are worth the detour. */
const LONG_CHARS: number = Number.parseInt(process.versions.v8) < 12 ? 256 : Number.POSITIVE_INFINITY

/** Random, so that no data can contain it by intent. */
const MARK = `${randomBytes(12).toString('base64url')}:`

const QUOTED_MARK = `"${MARK}`

/**
 * The JSON text of a wire tree whose long strings take the detour.
 *
 * @param write makes the tree, with `long.defer(text)` in place of each string
 * @returns undefined where the detour doesn't pay, or where the data contain what looks like a mark
 */
export function stringifyWithDetour(write: (long: LongTexts) => Wire, maxLength: number): string | undefined {
  if (LONG_CHARS === Number.POSITIVE_INFINITY) return undefined
  const long = new LongTexts()
  return long.restore(JSON.stringify(write(long)), maxLength)
}

/** The long strings of one value. */
export class LongTexts {
  readonly #texts: string[] = []

  /** What to write instead of the text. */
  defer(text: string): string {
    return text.length < LONG_CHARS ? text : `${MARK}${this.#texts.push(text) - 1}`
  }

  /**
   * The JSON text with all long strings in their places; only its beginning where it is longer than `maxLength`.
   * Undefined where there are not as many marks as texts, because other data looks like a mark.
   */
  restore(json: string, maxLength: number): string | undefined {
    if (this.#texts.length === 0) return json.includes(QUOTED_MARK) ? undefined : json
    const pieces: string[] = []
    let from = 0
    let length = 0
    for (let left = this.#texts.length; left > 0; left--) {
      const at = json.indexOf(QUOTED_MARK, from)
      const end = json.indexOf('"', at + QUOTED_MARK.length)
      const text = at < 0 ? undefined : this.#texts[Number(json.slice(at + QUOTED_MARK.length, end))]
      if (text === undefined) return undefined
      const quoted = quote(text)
      length += at - from + quoted.length
      pieces.push(json.slice(from, at), quoted)
      if (length > maxLength) return pieces.join('')
      from = end + 1
    }
    pieces.push(json.slice(from))
    return json.includes(QUOTED_MARK, from) ? undefined : pieces.join('')
  }
}

/** What `JSON.stringify` gives, too. */
function quote(text: string): string {
  if (RARE.test(text) || hasMany(text)) return JSON.stringify(text)
  return `"${text.replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A backslash, a control character that is no line feed, or a surrogate. */
const RARE = /[^ -[\]-\ud7ff\ue000-\uffff\n]/

/** Whether so much is to be replaced that it takes longer than a look at each character: JSON in a string, or short lines. */
function hasMany(text: string): boolean {
  let left = 10 + text.length / 30
  for (const character of ['"', '\n']) {
    for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
      left -= 1
      if (left < 0) return true
    }
  }
  return false
}
