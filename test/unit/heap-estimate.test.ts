import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Part, type PartKind } from '../../src/codec/part.ts'
import { estimateHeapBytes } from '../../src/codec/heap-estimate.ts'
import { LruTier } from '../../src/tiers/lru-tier.ts'
import { textOf } from '../support/checkpoints.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const MB = 1024 * 1024
let n = 0
const many = (count: number, of: () => unknown) => [++n, ...Array.from({ length: count }, of)]

const SHAPES: Readonly<Record<string, () => unknown>> = {
  messages: () => ({ role: 'user', content: textOf(++n, 2000), id: `m${n}` }),
  'text beyond Latin-1': () => ({ role: 'user', content: '—'.repeat(2000) + ++n }),
  'empty arrays': () => many(1300, () => []),
  'empty objects': () => many(1300, () => ({})),
  'nested arrays': () => many(1000, () => [[1]]),
  'an array in an array, 500 times': () => JSON.parse('['.repeat(500) + ++n + ']'.repeat(500)),
  'small whole numbers': () => many(1300, () => ++n % 10),
  fractions: () => many(200, () => Math.sin(++n)),
  'fractions among other values': () => [null, ...many(600, () => (++n % 1000) + 0.5)],
  'short strings': () => many(500, () => (++n).toString(36)),
  'small objects of one form': () => many(200, () => ({ a: ++n % 10, b: 2 })),
  'an object of many keys': () => Object.fromEntries(Array.from({ length: 200 }, () => [`k${++n}`, 1])),
}

function heapBytes(): number {
  for (let i = 0; i < 3; i++) collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const partOf = (kind: PartKind, body: string | Uint8Array) => Part.of(kind, body)

it.each(Object.entries(SHAPES))('holds a cache to about its bound: %s', (_, make) => {
  const tier = new LruTier(2 * MB)
  const fill = (count: number) => {
    for (let i = 0; i < count; i++) {
      // Through a buffer: a text that was just put together would be kept as the tree of its pieces.
      const part = partOf('v', Buffer.from(JSON.stringify(make())).toString())
      tier.offer('', [part])
      void part.wire // parses it, as a read does
    }
  }
  const before = heapBytes()
  while (tier.stats().bytes < 1.7 * MB) fill(20)
  fill(100)
  expect(tier.stats().bytes).toBeLessThanOrEqual(2 * MB)
  expect(heapBytes() - before).toBeLessThan(1.5 * 2 * MB)
})

it('counts bytes and pieces of long texts by their length', () => {
  const overhead = estimateHeapBytes(partOf('b', new Uint8Array()))
  expect(estimateHeapBytes(partOf('b', new Uint8Array(5000)))).toBe(overhead + 5000)
  expect(estimateHeapBytes(partOf('t', '[]'.repeat(2500)))).toBe(overhead + 10_000)
})

it('counts an empty text', () => {
  expect(estimateHeapBytes(partOf('v', ''))).toBe(estimateHeapBytes(partOf('b', new Uint8Array())))
})
