import { Part } from '../../../src/codec/part.ts'
import { LruTier } from '../../../src/tiers/lru-tier.ts'
import { textOf } from '../../support/checkpoints.ts'

const partsOf = (count: number, size: number, from = 0) =>
  Array.from({ length: count }, (_, i) => Part.of('t', textOf(from + i, size)))

it('stays below its bound, and keeps the parts that were used last', () => {
  const tier = new LruTier(100_000)
  const parts = partsOf(200, 1000)
  tier.offer('', parts)
  const { bytes, parts: held } = tier.stats()
  expect(bytes).toBeLessThanOrEqual(100_000)
  expect(held).toBeGreaterThan(30)
  expect(tier.peek(parts[199]?.name as Part['name'])).toBe(parts[199])
  expect(tier.peek(parts[0]?.name as Part['name'])).toBeUndefined()
})

it('keeps a part that is read again and again', () => {
  const tier = new LruTier(100_000)
  const [first, ...others] = partsOf(200, 1000) as [Part, ...Part[]]
  tier.offer('', [first])
  for (const part of others) {
    tier.offer('', [part])
    expect(tier.peek(first.name)).toBe(first)
  }
})

it('does not keep a part that is larger than an eighth of the bound, and drops no other part for it', () => {
  const tier = new LruTier(100_000)
  const parts = partsOf(20, 1000)
  tier.offer('', parts)
  tier.offer('', partsOf(1, 20_000, 1000))
  expect(tier.stats().parts).toBe(20)
})

it('keeps a part once for all threads', () => {
  const tier = new LruTier(100_000)
  const parts = partsOf(3, 100)
  for (const thread of ['a', 'b', 'c']) tier.offer(thread, parts)
  expect(tier.stats().parts).toBe(3)
})
