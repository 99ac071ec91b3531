/** What parts really take in the heap, as text and as trees, against what they say they take. Run with --expose-gc. */
import { Part } from '../../src/codec/part.ts'

const COUNT = 400
const CHARS = 16_000

const MEMBERS: Readonly<Record<string, (i: number) => unknown>> = {
  'empty lists': () => [],
  'empty objects': () => ({}),
  'lists of lists': () => [[[]], [[]]],
  'small objects': (i) => ({ id: i, done: true }),
  'objects of objects': (i) => ({ a: { b: { c: i } } }),
  'whole numbers': (i) => i,
  fractions: (i) => i / 7,
  'short texts': (i) => `t${i}`,
  prose: (i) => `${i} Mary had a little lamb, its fleece was white as snow; `.repeat(8),
  'texts of another alphabet': (i) => `${i} 羊は白い。`.repeat(20),
  code: (i) => `const a${i} = { b: [1, 2, "x"] }\n`.repeat(10),
  messages: (i) => ({ id: `m${i}`, type: 'human', content: 'Hello there. '.repeat(30), kwargs: {}, tools: [] }),
}

function jsonOf(make: (i: number) => unknown, seed: number): string {
  const texts: string[] = []
  for (let chars = 0, i = seed * 1000; chars < CHARS; i++) {
    const text = JSON.stringify(make(i))
    texts.push(text)
    chars += text.length + 1
  }
  return `[${texts.join(',')}]`
}

function heapUsed(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** How often a measured size goes into the one that the parts say. */
function ratio(make: (i: number) => unknown, use: (part: Part) => unknown): number {
  const before = heapUsed()
  const parts = Array.from({ length: COUNT }, (_, i) => Part.of('g', Buffer.from(jsonOf(make, i)).toString()))
  for (const part of parts) use(part)
  const taken = heapUsed() - before
  return parts.reduce((sum, part) => sum + part.heapBytes, 0) / taken
}

ratio(
  () => 1,
  (part) => part.wire,
) // warm up
const ratios = Object.entries(MEMBERS).map(([name, make]) => [
  name,
  { text: ratio(make, (part) => part.heapBytes), tree: ratio(make, (part) => part.wire) },
])
console.log(JSON.stringify(Object.fromEntries(ratios)))
