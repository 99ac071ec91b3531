import fc from 'fast-check'
import { LruMap } from '../../src/lru-map.ts'

/** A value that weighs what it says. */
interface Weighted {
  readonly id: number
  weight: number
}

const MAX = 20
const MAX_ENTRY = 12

/** The same map as an array, last used at the end. Slow, and plain enough to be right. */
class NaiveLruMap {
  entries: { key: number; value: Weighted; weight: number }[] = []
  readonly evicted: [number, number][] = []

  get weight(): number {
    return this.entries.reduce((sum, entry) => sum + entry.weight, 0)
  }

  peek(key: number): Weighted | undefined {
    return this.entries.find((entry) => entry.key === key)?.value
  }

  has(key: number): boolean {
    return this.entries.some((entry) => entry.key === key)
  }

  get(key: number): Weighted | undefined {
    const entry = this.entries.find((other) => other.key === key)
    if (entry !== undefined) this.entries = [...this.entries.filter((other) => other !== entry), entry]
    return entry?.value
  }

  set(key: number, value: Weighted): void {
    this.delete(key)
    if (value.weight > MAX_ENTRY) return void this.evicted.push([key, value.id])
    this.entries.push({ key, value, weight: value.weight })
    while (this.weight > MAX) {
      const [oldest] = this.entries.splice(0, 1)
      if (oldest !== undefined) this.evicted.push([oldest.key, oldest.value.id])
    }
  }

  delete(key: number): boolean {
    const before = this.entries.length
    this.entries = this.entries.filter((entry) => entry.key !== key)
    return this.entries.length < before
  }
}

const key = fc.nat(7)
const weight = fc.nat(MAX_ENTRY + 3)
const operation = fc.oneof(
  fc.record({ name: fc.constantFrom('get', 'peek', 'has', 'delete'), key }),
  fc.record({ name: fc.constant('set'), key, weight }),
  fc.record({ name: fc.constant('grow'), key, weight }),
)
type Operation = { name: string; key: number; weight?: number }

/** Does the same to either map. @returns its answer */
function apply(map: LruMap<number, Weighted> | NaiveLruMap, { name, key: of }: Operation, value: Weighted): unknown {
  if (name === 'get') return map.get(of)
  if (name === 'peek') return map.peek(of)
  if (name === 'has') return map.has(of)
  if (name === 'delete') return map.delete(of)
  return map.set(of, value)
}

function run(operations: readonly Operation[]): void {
  const evicted: [number, number][] = []
  const map = new LruMap<number, Weighted>({
    maxWeight: MAX,
    maxEntryWeight: MAX_ENTRY,
    weigh: (value) => value.weight,
    onEvict: (value, from) => evicted.push([from, value.id]),
  })
  const naive = new NaiveLruMap()
  for (const [id, each] of operations.entries()) {
    const heavy = each.weight ?? 0
    const value = (each.name === 'grow' ? naive.peek(each.key) : undefined) ?? { id, weight: heavy }
    if (each.weight !== undefined) value.weight = heavy
    expect(apply(map, each, value)).toBe(apply(naive, each, value))
    expect([map.size, map.weight, evicted]).toEqual([naive.entries.length, naive.weight, naive.evicted])
    expect(new Set(map.values())).toEqual(new Set(naive.entries.map((entry) => entry.value)))
  }
}

it('does what a naive list of entries does, for any operations', () => {
  fc.assert(fc.property(fc.array(operation, { maxLength: 60 }), run), { numRuns: 500 })
})

it('drops the entry that was used longest ago', () => {
  const map = new LruMap<string, number>({ maxWeight: 3 })
  for (const name of ['a', 'b', 'c']) map.set(name, 0)
  map.get('a')
  map.peek('b')
  map.has('b')
  map.set('d', 0)
  expect(['a', 'b', 'c', 'd'].map((name) => map.has(name))).toEqual([true, false, true, true])
})

it('counts a value that has grown when it is set again', () => {
  const map = new LruMap<string, number[]>({ maxWeight: 3, weigh: (value) => value.length })
  const list = [1]
  map.set('list', list)
  list.push(2)
  expect(map.weight).toBe(1)
  map.set('list', list)
  expect(map.weight).toBe(2)
})

it('drops the old value of a key whose new value is too heavy', () => {
  const map = new LruMap<string, number>({ maxWeight: 10, maxEntryWeight: 5, weigh: (value) => value })
  map.set('a', 5)
  map.set('b', 5)
  map.set('a', 6)
  expect([map.get('a'), map.get('b'), map.weight]).toEqual([undefined, 5, 5])
})

it('does not keep a value whose weight is not a number', () => {
  const map = new LruMap<string, number>({ maxWeight: 10, weigh: (value) => value })
  map.set('a', Number.NaN)
  expect([map.size, map.weight]).toEqual([0, 0])
})

it('may be changed by the callback that hears of an eviction', () => {
  const map: LruMap<string, number> = new LruMap({
    maxWeight: 2,
    onEvict: (_, name) => name === 'a' && map.delete('b'),
  })
  for (const name of ['a', 'b', 'c']) map.set(name, 0)
  expect([map.size, map.weight, map.has('c')]).toEqual([1, 1, true])
})

it('may be changed while its values are walked through', () => {
  const map = new LruMap<number, number>({ maxWeight: 10 })
  for (let i = 0; i < 10; i++) map.set(i, i)
  const seen: number[] = []
  for (const value of map.values()) {
    seen.push(value)
    map.delete(value + 1)
  }
  expect(seen).toEqual([0, 2, 4, 6, 8])
})
