import fc from 'fast-check'
import { escapeText, fromJsonbText, toJsonbText, unescapeText } from '../../src/codec/jsonb-text.ts'

/** Texts of what is hard: NUL, halves of pairs, backslashes, our escape sign, and what looks like an escape. */
const hardText = fc
  .array(
    fc.constantFrom(
      '\0',
      '\ud83d',
      '\ude00',
      '\\',
      '\uf8ff',
      '\ufeff',
      '"',
      'u',
      '0000',
      'd83d',
      'f8ff',
      'feff',
      '\n',
      'é',
      '\u{1f600}',
    ),
    {
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join(''))

/** What neither jsonb nor a UTF-8 database takes, and what PGlite drops. */
function isSafe(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && !text.includes('\ufeff')
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
}

test('any text comes back, and Postgres can hold its escaped form', () => {
  const property = fc.property(fc.oneof(hardText, fc.string({ unit: 'binary' })), (text) => {
    const escaped = escapeText(text)
    expect(isSafe(escaped)).toBe(true)
    expect(unescapeText(escaped)).toBe(text)
  })
  fc.assert(property, { numRuns: 5000 })
})

test('different texts stay different', () => {
  fc.assert(
    fc.property(hardText, hardText, (a, b) => {
      expect(escapeText(a) === escapeText(b)).toBe(a === b)
    }),
    { numRuns: 5000 },
  )
})

test('any JSON comes back, including its keys', () => {
  const json = fc
    .jsonValue({ stringUnit: 'binary' })
    .chain((value) => hardText.map((text) => JSON.stringify([value, text, { [text]: text }])))
  const property = fc.property(json, (text) => {
    const safe = toJsonbText(text)
    expect(JSON.parse(fromJsonbText(safe))).toStrictEqual(JSON.parse(text))
    expect(textsIn(JSON.parse(safe)).every(isSafe)).toBe(true)
  })
  fc.assert(property, { numRuns: 2000 })
})

test('ordinary text is not changed', () => {
  const text = 'Grüße \\u0041 世界 \u{1f600} "quoted" \\\\'
  expect(escapeText(text)).toBe(text)
  expect(toJsonbText(JSON.stringify({ text }))).toBe(JSON.stringify({ text }))
})
