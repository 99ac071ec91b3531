/** What a part takes of the heap once it has been read, estimated from a sample of its text. */
import type { Part } from './part.ts'

/** The part itself, its name, its place in a cache. */
const PART_BYTES = 400
/** A string with a character beyond Latin-1 takes two bytes for each; other strings take one. */
const CHAR_BYTES = 2
/** The sample. To look at each character takes three times as long as to hash the part; this takes less than half. */
const WINDOWS = 8
const WINDOW_CHARS = 16

/** In bytes. */
export function estimateHeapBytes(part: Part): number {
  if (part.bytes !== undefined) return PART_BYTES + part.size
  const text = PART_BYTES + CHAR_BYTES * part.size
  // A piece of a long text is never parsed by itself.
  return part.name.startsWith('t') ? text : text + Math.round(treeBytesPerChar(part.text) * part.size)
}

/** Windows and not single characters, as the step between these could always meet the same one of `[],[],[],`. */
function treeBytesPerChar(text: string): number {
  const step = Math.max(WINDOW_CHARS, Math.floor(text.length / WINDOWS))
  let [bytes, seen] = [0, 0]
  for (let from = (step - WINDOW_CHARS) >> 1; from < text.length; from += step) {
    const end = Math.min(from + WINDOW_CHARS, text.length)
    for (let i = from; i < end; i++) bytes += treeBytesOf(text.charCodeAt(i))
    seen += end - from
  }
  return seen === 0 ? 0 : bytes / seen
}

/**
 * What V8 makes of JSON, by the characters that stand for it: an array is an object and a block of elements, an element a
 * slot; a string begins and ends with a quote. Measured with arrays, objects, numbers and strings, flat and nested, empty
 * and not: the heap takes at most 1.3 times the estimate. With the text alone counted, it took up to 13 times as much.
 */
function treeBytesOf(charCode: number): number {
  switch (charCode) {
    case 0x5b: // [
      return 56
    case 0x7b: // {
      return 64
    case 0x22: // "
      return 16
    case 0x2c: // ,
      return 8
    default:
      return 0
  }
}
