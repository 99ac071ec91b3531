/** Long strings take a way of their own to their JSON text; it leads to the same text. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_VALUE_LIMITS, stringifyValue } from '../../../src/codec/value.ts'
import { LongTexts } from '../../../src/codec/value/long-text.ts'
import { LosslessSerializer, TooLargeError } from '../../../src/index.ts'

/** What has to be written otherwise than it is, what only looks like it, and what is more than a byte or a unit. */
const SYLLABLES = [
  'word ', 'ä', '…', '😀', '\ud83d', '\ude00', '"', '\\', '\\"', '\n', '\r\n', '\t', '\b', '\0', '\u001f', '\u007f', ' ', '￿', '[]', "'",
] // prettier-ignore

const anyText = fc
  .array(fc.constantFrom(...SYLLABLES), { minLength: 1, maxLength: 12 })
  .chain((syllables) => fc.integer({ min: 1, max: 400 }).map((times) => syllables.join('').repeat(times).slice(0, 900)))
const anyData = fc.letrec((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    anyText,
    fc.integer(),
    fc.array(tie('data'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('data'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).data

test('plain data with long strings gets the text that JSON.stringify gives, as text and as bytes', async () => {
  const serializer = new LosslessSerializer()
  await fc.assert(
    fc.asyncProperty(anyData, async (data) => {
      const plain = { 'two keys, so that no escaping is due': data, and: 1 }
      const text = JSON.stringify(plain)
      if (text.includes('"$')) return
      expect(stringifyValue(plain, '$')).toBe(text)
      const [, bytes] = await serializer.dumpsTyped(plain)
      expect(Buffer.from(bytes).equals(Buffer.from(text))).toBe(true)
      expect(bytes.byteOffset).toBe(0)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['with a quote everywhere', '{"a":"b"},'.repeat(300)],
  ['with a quote here and there', 'He said "so", and went. '.repeat(100)],
  ['of short lines', 'a\n'.repeat(100_000)],
  ['of prose, and then JSON', `${'Some words. '.repeat(12)}${'{"a":"b"},'.repeat(20_000)}`],
  ['of letters that take three bytes', '日本語'.repeat(5000)],
  ['as long as makes it long', 'x'.repeat(256)],
])('a string %s comes back as it was', async (_, text) => {
  const serializer = new LosslessSerializer()
  for (const value of [text, [text, text], { text }, new Map([[text, text]]), new Error(text), { [text]: text }]) {
    expect(await serializer.loadsTyped(...(await serializer.dumpsTyped(value)))).toStrictEqual(value)
  }
})

test('data that contain the text of a mark are noticed', () => {
  const long = new LongTexts()
  const mark = long.defer('x'.repeat(300))
  const restore = (json: unknown) => long.restore(JSON.stringify(json), 1000)
  expect(restore([mark])).toBe(JSON.stringify(['x'.repeat(300)]))
  expect(restore([mark, mark])).toBeUndefined()
  expect(restore([])).toBeUndefined()
  expect(restore([`${mark}7`])).toBeUndefined()
})

test('a value that is too long is refused before all of it is written', () => {
  const limits = { ...DEFAULT_VALUE_LIMITS, maxDepth: 100, maxChars: 1_000_000 }
  const lines = 'a\n'.repeat(200_000)
  expect(() => stringifyValue([lines], '$', limits)).not.toThrow()
  expect(() => stringifyValue([lines, lines, lines], '$', limits)).toThrow(TooLargeError)
  // With its escapes it is longer than it looks.
  expect(() => stringifyValue(['\n'.repeat(600_000)], '$', limits)).toThrow(TooLargeError)
})
