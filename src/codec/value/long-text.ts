/**
 * Long strings go past JSON.stringify where that looks at one character after the other (2.7 ns each in the V8 of Node 20;
 * newer ones take a third of it): a mark is written in their place, and afterwards their own JSON text, made in a third
 * of the time, is put there.
 */

import { randomBytes } from 'node:crypto'
import type { PieceWriter } from './piece-writers.ts'

/** From here on the detour pays. */
export const LONG_CHARS: number = Number.parseInt(process.versions.v8) < 12 ? 256 : Number.POSITIVE_INFINITY

/** Nobody who makes a state knows it. */
const MARK = `${randomBytes(12).toString('base64url')}:`

const QUOTED_MARK = `"${MARK}`

/** The long strings of one value. */
export class LongTexts {
  readonly #texts: string[] = []
  #length = 0

  /** What to write instead of the text. */
  defer(text: string): string {
    this.#length += text.length
    return `${MARK}${this.#texts.push(text) - 1}`
  }

  /** Characters of all of them. */
  get length(): number {
    return this.#length
  }

  /**
   * Gives the JSON text with all of them in their places, piece after piece, until it is longer than `maxLength`.
   * @returns its length; undefined where there are not as many marks as texts, so that something else looks like one
   */
  restore(json: string, writer: PieceWriter<unknown>, maxLength: number): number | undefined {
    let from = 0
    let length = 0
    const give = (piece: string) => {
      length += piece.length
      writer.write(piece)
    }
    for (let left = this.#texts.length; left > 0; left--) {
      const at = json.indexOf(QUOTED_MARK, from)
      const end = json.indexOf('"', at + QUOTED_MARK.length)
      const text = at < 0 ? undefined : this.#texts[Number(json.slice(at + QUOTED_MARK.length, end))]
      if (text === undefined) return undefined
      give(json.slice(from, at))
      give(quote(text))
      if (length > maxLength) return length
      from = end + 1
    }
    give(json.slice(from))
    return json.includes(QUOTED_MARK, from) ? undefined : length
  }
}

/** What `JSON.stringify` gives, too. */
function quote(text: string): string {
  if (RARE.test(text) || hasMany(text)) return JSON.stringify(text)
  return `"${text.replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A backslash, a control character that is no line feed, or a surrogate. */
const RARE = /[^ -[\]-\ud7ff\ue000-\uffff\n]/

/** Whether so much is to be replaced that it takes longer than to look at each character: JSON in a string, or short lines. */
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
