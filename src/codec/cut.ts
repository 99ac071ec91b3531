/**
 * Where lists are cut. The places are chosen by content, not by position, so that yesterday's cuts stay where they were
 * when elements are appended, edited, removed, or trimmed at the front ("content-defined chunking", Muthitacharoen et
 * al., LBFS, SOSP 2001; here over elements instead of bytes).
 */
import { FANOUT_MAX, FANOUT_MIN, GROUP_CHARS, GROUP_MAX_CHARS, PIECE_LENGTH } from './format.ts'
import { Part } from './part.ts'

const HASH_START = 0x811c9dc5
const HASH_PRIME = 0x01000193

/** FNV-1a over UTF-16 code units, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), finished as in MurmurHash3. */
function hash32(text: string): number {
  let h = HASH_START
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), HASH_PRIME)
  return finish(h)
}

/** FNV alone leaves the high bits of short texts uneven. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whether a group of small members ends with this one: by chance of its content, once in GROUP_CHARS on average. */
export function endsGroup(text: string, groupChars: number): boolean {
  return endsGroupAt(hash32(text), text.length, groupChars)
}

function endsGroupAt(hash: number, length: number, groupChars: number): boolean {
  return groupChars >= GROUP_MAX_CHARS || hash < (length / GROUP_CHARS) * 0x1_0000_0000
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [34, 44, 58, 92]

/** Finds the members in the JSON text of several, and hashes each in the same pass. */
export class MemberScanner {
  readonly #text: string
  #hash = 0
  /** Of the member found last. */
  start = 0
  end = -1
  /** Elements and entries inside the members found so far, as `maxItems` counts them. */
  items = 0
  /** Where the value of the member found last starts: after the key, if it has one. */
  valueStart = 0

  /** @param text members joined by commas, without the brackets around them */
  constructor(text: string) {
    this.#text = text
  }

  /** Goes to the next member; false after the last one. */
  next(): boolean {
    const text = this.#text
    const { length } = text
    let at = this.end + 1
    if (at >= length) return false
    this.start = this.valueStart = at
    let h = HASH_START
    let depth = 0
    for (; at < length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === COMMA && depth === 0) break
      h = Math.imul(h ^ unit, HASH_PRIME)
      if (unit === QUOTE) {
        for (let inner = 0; inner !== QUOTE;) {
          inner = text.charCodeAt(++at)
          h = Math.imul(h ^ inner, HASH_PRIME)
          if (inner === BACKSLASH) h = Math.imul(h ^ text.charCodeAt(++at), HASH_PRIME)
        }
      } else if (unit === COMMA) this.items++
      else if (unit === COLON && depth === 0) this.valueStart = at + 1
      else if (unit === 123 || unit === 91) {
        this.items += 5
        depth++
      } else if (unit === 125 || unit === 93) depth--
    }
    this.#hash = h
    this.end = at
    return true
  }

  /** Whether a group ends with the member found last; see `endsGroup`. */
  endsGroup(groupChars: number): boolean {
    return endsGroupAt(finish(this.#hash), this.end - this.start, groupChars)
  }
}

/** Index parts made before, by their first item. */
export interface Folds {
  get(first: string): Fold | undefined
  set(first: string, fold: Fold): unknown
}

/** The items of an index part. Where it ends does not depend on what comes after it. */
export interface Fold {
  readonly items: readonly string[]
  readonly part: Part
}

/**
 * Folds a list of items into index parts until each level has an open tail of less than FANOUT_MAX, so that what stands
 * in the manifest grows with the logarithm of the list.
 *
 * @param items JSON texts of items
 * @param keep takes each index part
 * @param folds spare hashing what has not changed, half the cost of a list that grew by one
 * @returns the items that are left, index parts first
 */
export function foldItems(items: readonly string[], keep: (part: Part) => string, folds: Folds = new Map()): string[] {
  const closed: string[] = []
  let from = 0
  for (;;) {
    const fold = knownFold(items, from, folds) ?? newFold(items, from, folds)
    if (fold === undefined) break
    closed.push(keep(fold.part))
    from += fold.items.length
  }
  const tail = items.slice(from)
  return closed.length === 0 ? tail : [...foldItems(closed, keep, folds), ...tail]
}

function knownFold(items: readonly string[], from: number, folds: Folds): Fold | undefined {
  const fold = items.length - from < FANOUT_MIN ? undefined : folds.get(items[from] as string)
  if (fold === undefined) return undefined
  for (let i = 0; i < fold.items.length; i++) if (fold.items[i] !== items[from + i]) return undefined
  return fold
}

/** The next index part, if one is closed yet. */
function newFold(items: readonly string[], from: number, folds: Folds): Fold | undefined {
  const last = Math.min(from + FANOUT_MAX, items.length) - 1
  for (let i = from + FANOUT_MIN - 1; i <= last; i++) {
    if (i - from + 1 < FANOUT_MAX && (hash32(items[i] as string) & 7) !== 0) continue
    const own = items.slice(from, i + 1)
    const fold = { items: own, part: Part.of('i', `[${own.join(',')}]`) }
    folds.set(items[from] as string, fold)
    return fold
  }
  return undefined
}

/** Cuts a JSON text at fixed lengths, never inside a surrogate pair (half of one can't be encoded as UTF-8). */
export function textPieces(json: string): string[] {
  const text = json.replaceAll('\uFEFF', '\\ufeff') // PGlite drops it where a text begins with it
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + PIECE_LENGTH, text.length)
    if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}

/** Cuts bytes at fixed lengths; each piece is a copy, as the caller may change the original after the call. */
export function bytePieces(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += PIECE_LENGTH) {
    pieces.push(Uint8Array.prototype.slice.call(bytes, from, from + PIECE_LENGTH))
  }
  return pieces
}
