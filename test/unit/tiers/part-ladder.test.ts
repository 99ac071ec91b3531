import { Part, type PartName } from '../../../src/codec/part.ts'
import { LruTier } from '../../../src/tiers/lru-tier.ts'
import { PartLadder } from '../../../src/tiers/part-ladder.ts'
import type { PartTier } from '../../../src/tiers/part-tier.ts'

const THREAD = 'a thread'
const turn = () => new Promise((done) => setImmediate(done))

/** A tier outside this process, over a Map. It records each question. Out of reach, it has nothing. */
class FarTier implements PartTier {
  readonly parts = new Map<PartName, Part>()
  readonly asked: (readonly PartName[])[] = []
  readonly forgotten: PartName[] = []
  isUp = true

  async get(_threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    if (!this.isUp) return []
    this.asked.push(names)
    await turn()
    return names.flatMap((name) => this.parts.get(name) ?? [])
  }

  offer(_threadId: string, parts: Iterable<Part>): void {
    for (const part of parts) this.parts.set(part.name, part)
  }

  forget(_threadId: string, names: readonly PartName[]): void {
    this.forgotten.push(...names)
  }

  isUsable(): boolean {
    return this.isUp
  }
}

/** A store that, as Postgres does, sends what index parts lead to. */
function storeOf(parts: readonly Part[], limit = Number.POSITIVE_INFINITY) {
  const held = new Map(parts.map((part) => [part.name, part]))
  const asked: (readonly PartName[])[] = []
  const fetch = async (names: readonly PartName[]): Promise<readonly Part[]> => {
    asked.push(names)
    await turn()
    const found = new Set<Part>()
    const add = (name: PartName): void => {
      const part = held.get(name)
      if (part === undefined || found.size >= limit) return
      found.add(part)
      if (name.startsWith('i')) (part.wire as PartName[]).forEach(add)
    }
    names.forEach(add)
    return [...found]
  }
  return { asked, fetch }
}

const leaves = (count: number, from = 0) => Array.from({ length: count }, (_, i) => Part.of('v', `"leaf ${from + i}"`))
const indexOf = (parts: readonly Part[]) => Part.of('i', JSON.stringify(namesOf(parts)))
const namesOf = (parts: readonly Part[]) => parts.map((part) => part.name)

/** A list of 9 elements below two levels of index parts. */
function newTree() {
  const groups = [leaves(3), leaves(3, 3), leaves(3, 6)]
  const inner = groups.map(indexOf)
  const root = indexOf(inner)
  return { nodes: [{ list: [root.name] }], groups, inner, root, all: [root, ...inner, ...groups.flat()] }
}

const memory = () => new LruTier(1_000_000)

it('asks neither tier nor store where all parts are in this process', async () => {
  const [tree, near, far] = [newTree(), memory(), new FarTier()]
  const store = storeOf([])
  near.offer(THREAD, tree.all)
  const found = await new PartLadder([near, far]).bring(THREAD, tree.nodes, [], store.fetch)
  expect(found.size).toBe(tree.all.length)
  expect([far.asked, store.asked]).toEqual([[], []])
  expect(near.stats()).toMatchObject({ hits: tree.all.length, misses: 0 })
})

it('asks a far tier once for each level of the tree, and the store not at all where it has all', async () => {
  const [tree, near, far] = [newTree(), memory(), new FarTier()]
  const store = storeOf([])
  far.offer(THREAD, tree.all)
  const found = await new PartLadder([near, far]).bring(THREAD, tree.nodes, [], store.fetch)
  expect(found.size).toBe(tree.all.length)
  expect(far.asked.map((names) => names.length)).toEqual([1, 3, 9])
  expect(store.asked).toEqual([])
  expect(near.stats().parts).toBe(tree.all.length)
})

it('asks the store once for the parts that the tiers lack, and offers them to the tiers', async () => {
  const [tree, near, far] = [newTree(), memory(), new FarTier()]
  const store = storeOf(tree.all)
  far.offer(THREAD, [tree.root, tree.inner[0] as Part, ...(tree.groups[0] as Part[]).slice(1)])
  near.offer(THREAD, tree.groups[1] as Part[])
  const found = await new PartLadder([near, far]).bring(THREAD, tree.nodes, [], store.fetch)
  expect(found.size).toBe(tree.all.length)
  expect(store.asked).toEqual([[...namesOf((tree.groups[0] as Part[]).slice(0, 1)), ...namesOf(tree.inner.slice(1))]])
  expect([near.stats().parts, far.parts.size]).toEqual([tree.all.length, tree.all.length])
})

it('never asks a tier twice for the same part', async () => {
  const [tree, far] = [newTree(), new FarTier()]
  await new PartLadder([far]).bring(THREAD, tree.nodes, [], storeOf(tree.all).fetch)
  expect(far.asked).toEqual([[tree.root.name]])
})

it('asks only the store where there are no tiers', async () => {
  const tree = newTree()
  const store = storeOf(tree.all)
  const found = await new PartLadder([]).bring(THREAD, tree.nodes, [], store.fetch)
  expect([found.size, store.asked.length]).toEqual([tree.all.length, 1])
})

it('asks the store again for the parts that its answer left out', async () => {
  const tree = newTree()
  const store = storeOf(tree.all, 5)
  const found = await new PartLadder([memory(), new FarTier()]).bring(THREAD, tree.nodes, [], store.fetch)
  expect(found.size).toBe(tree.all.length)
  expect(store.asked.length).toBeLessThan(5)
})

it('reads from the store where a tier is out of reach', async () => {
  const [tree, far] = [newTree(), new FarTier()]
  const ladder = new PartLadder([memory(), far])
  expect(ladder.hasUsableFarTier()).toBe(true)
  far.isUp = false
  expect(ladder.hasUsableFarTier()).toBe(false)
  expect((await ladder.bring(THREAD, tree.nodes, [], storeOf(tree.all).fetch)).size).toBe(tree.all.length)
  expect(far.asked).toEqual([])
})

it('has no usable far tier where all tiers are in this process', () => {
  expect(new PartLadder([memory()]).hasUsableFarTier()).toBe(false)
  expect(new PartLadder([]).hasUsableFarTier()).toBe(false)
})

it('offers the tiers the parts that the store sent with the checkpoint', async () => {
  const [tree, near, far] = [newTree(), memory(), new FarTier()]
  const store = storeOf([])
  await new PartLadder([near, far]).bring(THREAD, tree.nodes, tree.all, store.fetch)
  expect([near.stats().parts, far.parts.size, far.asked, store.asked]).toEqual([
    tree.all.length,
    tree.all.length,
    [],
    [],
  ])
})

it('leaves out a part that the store sent with the checkpoint and that no node leads to', async () => {
  const tree = newTree()
  const brought = [...tree.all, ...leaves(1, 100)]
  const found = await new PartLadder([memory()]).bring(THREAD, tree.nodes, brought, storeOf([]).fetch)
  expect(namesOf([...found.values()]).toSorted()).toEqual(namesOf(tree.all).toSorted())
})

it('leaves out a part that is nowhere', async () => {
  const tree = newTree()
  const store = storeOf(tree.all.slice(0, -1))
  const found = await new PartLadder([memory(), new FarTier()]).bring(THREAD, tree.nodes, [], store.fetch)
  expect(found.size).toBe(tree.all.length - 1)
  expect(store.asked).toHaveLength(2)
})

it('shares a question among readers of the same parts', async () => {
  const [tree, far] = [newTree(), new FarTier()]
  const store = storeOf(tree.all)
  const ladder = new PartLadder([far])
  const reads = Array.from({ length: 20 }, () => ladder.bring(THREAD, tree.nodes, [], store.fetch))
  for (const found of await Promise.all(reads)) expect(found.size).toBe(tree.all.length)
  expect([far.asked.length, store.asked.length]).toEqual([1, 1])
})

it('shares a question with a reader that wants some of its parts, and none with a reader that wants more', async () => {
  const [one, other, third] = leaves(3) as [Part, Part, Part]
  const store = storeOf([one, other, third])
  const ladder = new PartLadder([])
  const read = (parts: readonly Part[]) => ladder.bring(THREAD, namesOf(parts), [], store.fetch)
  const found = await Promise.all([read([one, other]), read([other]), read([other, third])])
  expect(found.map((parts) => [...parts.keys()])).toEqual([[one, other], [other], [other, third]].map(namesOf))
  expect(store.asked).toEqual([namesOf([one, other]), namesOf([other, third])])
})

it('shares no question between threads', async () => {
  const tree = newTree()
  const store = storeOf(tree.all)
  const ladder = new PartLadder([])
  await Promise.all(['one', 'other'].map((thread) => ladder.bring(thread, tree.nodes, [], store.fetch)))
  expect(store.asked).toHaveLength(2)
})

it('asks again for a part that was stored after a shared question was asked', async () => {
  const [early, late] = leaves(2) as [Part, Part]
  const held = [early]
  const asked: (readonly PartName[])[] = []
  const fetch = async (names: readonly PartName[]) => {
    asked.push(names)
    const found = held.filter(({ name }) => names.includes(name))
    await turn()
    return found
  }
  const ladder = new PartLadder([])
  const nodes = namesOf([early, late])
  const first = ladder.bring(THREAD, nodes, [], fetch)
  held.push(late)
  const second = ladder.bring(THREAD, nodes, [], fetch)
  expect((await second).size).toBe(2)
  await first
  expect(asked[1]).toEqual([late.name])
})

it('rejects all readers that share a question that fails, and no reader after them', async () => {
  const tree = newTree()
  const ladder = new PartLadder([memory()])
  const failing = async () => {
    await turn()
    throw new Error('no database')
  }
  const reads = [1, 2, 3].map(() => ladder.bring(THREAD, tree.nodes, [], failing))
  const results = await Promise.allSettled(reads)
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect((await ladder.bring(THREAD, tree.nodes, [], storeOf(tree.all).fetch)).size).toBe(tree.all.length)
})

it('offers new parts to all tiers', () => {
  const [near, far] = [memory(), new FarTier()]
  const parts = leaves(3)
  new PartLadder([near, far]).offer(THREAD, parts.slice(2))
  expect([near.stats().parts, far.parts.size]).toEqual([1, 1])
})

it('removes parts from all tiers', () => {
  const [near, far] = [memory(), new FarTier()]
  const ladder = new PartLadder([near, far])
  const parts = leaves(2)
  near.offer(THREAD, parts)
  ladder.forget(THREAD, namesOf(parts))
  expect([near.stats().parts, far.forgotten]).toEqual([0, namesOf(parts)])
})
