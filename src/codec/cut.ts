/**
 * Where lists are cut. The places are chosen by content, not by position, so that yesterday's cuts stay where they were
 * when elements are appended, edited, removed, or trimmed at the front ("content-defined chunking", Muthitacharoen et
 * al., LBFS, SOSP 2001; here over elements instead of bytes).
 */
import { FANOUT_MAX, FANOUT_MIN, GROUP_CHARS, GROUP_MAX_CHARS, PIECE_LENGTH } from './format.ts'
import { Part } from './part.ts'

/** FNV-1a over UTF-16 code units, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), finished as in MurmurHash3. */
function hash32(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) // FNV alone leaves the high bits of short texts uneven
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whether a group of small elements ends with this one: by chance of its content, once in GROUP_CHARS on average. */
export function endsGroup(text: string, groupChars: number): boolean {
  return groupChars >= GROUP_MAX_CHARS || hash32(text) < (text.length / GROUP_CHARS) * 0x1_0000_0000
}

/** Index parts made before, by their first item. */
export interface Folds {
  get(first: string): Fold | undefined
  set(first: string, fold: Fold): unknown
}

/** The items of an index part. What comes after them has no say in where it ends. */
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
