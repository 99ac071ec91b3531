import fc from 'fast-check'
import { bytePieces, endsGroup, foldItems, textPieces } from '../../src/codec/cut.ts'
import { FANOUT_MAX, FANOUT_MIN, GROUP_MAX_CHARS, PIECE_LENGTH } from '../../src/codec/format.ts'
import type { Part } from '../../src/codec/part.ts'

interface Folded {
  readonly items: string[]
  readonly parts: ReadonlyMap<string, Part>
}

function fold(items: readonly string[]): Folded {
  const parts = new Map<string, Part>()
  const keep = (part: Part) => {
    parts.set(part.name, part)
    return `"${part.name}"`
  }
  return { items: foldItems(items, keep), parts }
}

function unfold({ items, parts }: Folded): string[] {
  return items.flatMap((item) => {
    const part = parts.get(item.slice(1, -1))
    if (part === undefined) return [item]
    return unfold({ items: (part.wire as unknown[]).map((inner) => JSON.stringify(inner)), parts })
  })
}

const numbered = (length: number, from = 0) => Array.from({ length }, (_, i) => JSON.stringify(`item ${i + from}`))

test('folded items unfold to the same items', () => {
  const property = fc.property(
    fc.array(
      fc.jsonValue().map((value) => JSON.stringify(['x', value])),
      { maxLength: 400, size: 'max' },
    ),
    (items) => {
      expect(unfold(fold(items))).toStrictEqual(items)
    },
  )
  fc.assert(property, { numRuns: 100 })
})

test('each level has fewer open items than an index part can hold, and no index part is larger than allowed', () => {
  for (const length of [0, 1, 7, 8, 9, 50, 333, 2000, 20_000]) {
    const { items, parts } = fold(numbered(length))
    expect(items.length).toBeLessThan(FANOUT_MAX * Math.max(1, Math.ceil(Math.log(length + 1) / Math.log(FANOUT_MIN))))
    for (const part of parts.values()) {
      expect((part.wire as unknown[]).length).toBeGreaterThanOrEqual(FANOUT_MIN)
      expect((part.wire as unknown[]).length).toBeLessThanOrEqual(FANOUT_MAX)
    }
  }
})

test('a list of equal items is folded', () => {
  const items = Array.from({ length: 1000 }, () => '"same"')
  const folded = fold(items)
  expect(folded.items.length).toBeLessThan(64)
  expect(unfold(folded)).toStrictEqual(items)
})

test('one more item makes at most one index part per level', () => {
  const before = fold(numbered(5000))
  const counts = Array.from({ length: 40 }, (_, i) => {
    const after = fold(numbered(5001 + i))
    return [...after.parts.keys()].filter((name) => !before.parts.has(name)).length
  })
  expect(counts[0]).toBeLessThanOrEqual(4)
  expect(counts.at(-1)).toBeLessThanOrEqual(40 / FANOUT_MIN + 4)
})

test.each([
  ['trimmed at the front', (items: string[]) => items.slice(3)],
  ['with one removed in the middle', (items: string[]) => items.toSpliced(2500, 1)],
  ['with one changed in the middle', (items: string[]) => items.with(2500, '"another"')],
  ['with one more in the middle', (items: string[]) => items.toSpliced(2500, 0, '"another"')],
])('a long list %s keeps nearly all of its index parts', (_, edit) => {
  const before = fold(numbered(5000))
  const after = fold(edit(numbered(5000)))
  const fresh = [...after.parts.keys()].filter((name) => !before.parts.has(name))
  expect(fresh.length).toBeLessThan(20)
  expect(before.parts.size).toBeGreaterThan(400)
})

test('a group ends at its greatest size at the latest, and earlier on average', () => {
  expect(endsGroup('"x"', GROUP_MAX_CHARS)).toBe(true)
  const lengths: number[] = []
  let chars = 0
  for (let i = 0; i < 50_000; i++) {
    const text = JSON.stringify({ n: i, text: 'x'.repeat(i % 200) })
    chars += text.length + 1
    if (endsGroup(text, chars)) {
      lengths.push(chars)
      chars = 0
    }
  }
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  expect(mean).toBeGreaterThan(3000)
  expect(mean).toBeLessThan(5000)
  expect(Math.max(...lengths)).toBeLessThan(GROUP_MAX_CHARS + 1024)
})

test('pieces of a text join to the same text, and none of them has a lone surrogate', () => {
  const texts = [
    '',
    'x',
    'x'.repeat(PIECE_LENGTH),
    '\u{1f600}'.repeat(PIECE_LENGTH),
    `x${'\u{1f600}'.repeat(PIECE_LENGTH)}`,
    '\ufeff'.repeat(100_000),
  ]
  for (const text of texts) {
    const json = JSON.stringify(text)
    const pieces = textPieces(json)
    expect(JSON.parse(pieces.join(''))).toBe(text)
    expect(
      pieces.every((piece) => piece.isWellFormed() && piece.length <= PIECE_LENGTH && !piece.startsWith('\ufeff')),
    ).toBe(true)
  }
})

test('pieces of bytes are copies that join to the same bytes', () => {
  const bytes = Uint8Array.from({ length: 3 * PIECE_LENGTH + 1 }, (_, i) => i)
  const pieces = bytePieces(bytes.subarray(1))
  expect(pieces.map((piece) => piece.length)).toStrictEqual([PIECE_LENGTH, PIECE_LENGTH, PIECE_LENGTH])
  const expected = Buffer.from(bytes.subarray(1))
  bytes.fill(0)
  expect(Buffer.concat(pieces).equals(expected)).toBe(true)
})
