/** The encoder: the same content gives the same manifest, digest and parts, whatever the memo holds. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { AIMessage, BaseMessage, HumanMessage } from '@langchain/core/messages'
import type { CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { CheckpointCodec } from '../../src/codec/checkpoint-codec.ts'
import type { Part } from '../../src/codec/part.ts'
import { checkpointOf, textOf } from '../support/checkpoints.ts'

interface Encoded {
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  readonly digest: string
  readonly parts: ReadonlyMap<string, Part>
}

function encode(codec: CheckpointCodec, values: Record<string, unknown>): Encoded {
  return codec.encodeCheckpoint(checkpointOf('id', values), {} as CheckpointMetadata, {}, false) as Encoded
}

async function decode(codec: CheckpointCodec, encoded: Encoded): Promise<Record<string, unknown>> {
  const address = { threadId: 't', ns: '', checkpointId: 'id' }
  const stored = { ...encoded, address, parentId: undefined, seq: 1, writes: [], sends: [] }
  const tuple = await codec.decodeTuple(codec.parse(stored), encoded.parts as never)
  return tuple.checkpoint.channel_values
}

const shown = ({ manifest, digest, parts }: Encoded) => ({ manifest, digest, parts: [...parts.keys()].toSorted() })

/** The same content, no object of which is in two places or was ever seen before. */
function unshared<Value>(value: Value): Value {
  if (value instanceof BaseMessage) return cloned(value, new Map())
  if (Array.isArray(value)) return value.map(unshared) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unshared(inner)])) as Value
}

/** A message's fields and its lc_kwargs share objects. */
function cloned<Value>(value: Value, clones: Map<unknown, unknown>): Value {
  if (typeof value !== 'object' || value === null) return value
  const clone: unknown =
    clones.get(value) ?? (Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value) as object))
  if (clones.has(value)) return clone as Value
  clones.set(value, clone)
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)!
    Object.defineProperty(
      clone,
      key,
      'value' in property ? { ...property, value: cloned(property.value, clones) } : property,
    )
  }
  return clone as Value
}

/** Of every size at which the encoder decides something: 64, 1,024, 4,096, 16,384 and 65,536 characters. */
const MAKERS: ((seed: number, pick: (at: number) => unknown) => unknown)[] = [
  (seed) => ({ n: seed }),
  (seed) => ({ n: seed, text: textOf(seed, 40 + (seed % 30)) }),
  (seed) => ({ text: textOf(seed, 900 + (seed % 200)), meta: { n: [seed] } }),
  (seed) => new HumanMessage({ content: textOf(seed, 200), id: `h${seed}`, additional_kwargs: { deep: { n: 1 } } }),
  (seed) => new AIMessage({ content: textOf(seed, 3000), id: `a${seed}`, additional_kwargs: { deep: { n: 1 } } }),
  (seed) => Array.from({ length: 30 }, (_, i) => ({ i, text: textOf(seed + i, 100) })),
  (seed) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, textOf(seed + i, 250)])),
  (seed) => ({ text: textOf(seed, 16_370 + (seed % 20)) }),
  (seed) => ({ rows: Array.from({ length: 60 }, (_, i) => ({ i, text: textOf(seed + i, 400) })), n: [seed] }),
  (seed) => Array.from({ length: 20 }, (_, i) => textOf(seed + i, 1500)),
  (seed) => textOf(seed, 70_000),
  (seed) => ({ [`$${seed}`]: textOf(seed, 17_000) }),
  (seed) => Array.from({ length: 2 + (seed % 3) }, (_, i) => ({ i, text: textOf(seed + i, 60) })),
  (seed, pick) => [pick(seed), pick(seed + 1)],
  (seed, pick) => ({ a: pick(seed), b: pick(seed + 1) }),
  (seed, pick) => Array.from({ length: 12 }, (_, i) => pick(seed + i)),
  (seed, pick) => ({ wrapped: { wrapped: [pick(seed)] } }),
]

/** Changes something at whatever depth, in place: more text, less text, another number, an element fewer. */
function change(value: unknown, at: number): void {
  if (typeof value !== 'object' || value === null) return
  const record = value as Record<string, unknown>
  const keys = Object.keys(record).filter((key) => !key.startsWith('lc_') && !['id', 'type'].includes(key))
  const key = keys[at % Math.max(keys.length, 1)]
  if (key === undefined) return
  const inner = record[key]
  if (typeof inner === 'number') record[key] = inner + 1
  else if (typeof inner === 'string' && key !== 'name')
    record[key] = at % 3 === 0 ? inner.slice(0, 10) : textOf(at, at * 20)
  else if (Array.isArray(value) && at % 5 === 0) value.splice(at % value.length, 1)
  else if (Array.isArray(value) && at % 5 === 1) value.push(...value.splice(1, 1))
  else change(inner, Math.floor(at / 3) + 1)
}

const n = fc.nat(1000)
const STEPS = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('make'), how: n, seed: n }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('change'), how: n, seed: n }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('encode'), how: n, seed: n }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload'), how: n, seed: n }) },
  ),
  { minLength: 6, maxLength: 20, size: 'max' },
)

test('a filled memo does not change the result', async () => {
  let encoded = 0
  const property = fc.asyncProperty(STEPS, async (steps) => {
    const warm = new CheckpointCodec({})
    const pool: unknown[] = [MAKERS[1]!(1, () => 0), MAKERS[5]!(2, () => 0)]
    const pick = (at: number) => pool[at % pool.length]
    for (const { kind, how, seed } of steps) {
      if (kind === 'make') pool.push(MAKERS[how % MAKERS.length]!(seed, pick))
      else if (kind === 'change') change(pick(how), seed)
      else {
        const values = {
          whole: pick(how),
          entry: { it: pick(how), other: pick(seed) },
          element: [pick(seed), pick(how), pick(how + 1)],
          again: pick(seed),
        }
        encoded++
        const stored = encode(warm, values)
        assert.deepEqual(shown(stored), shown(encode(new CheckpointCodec({}), unshared(values))))
        const decoded = (await decode(warm, stored)) as typeof values
        assert.deepEqual(decoded, unshared(values))
        if (kind === 'reload') pool.splice(0, 3, decoded.entry.it, decoded.element[1], decoded.again)
      }
    }
  })
  await fc.assert(property, { numRuns: 150 })
  expect(encoded).toBeGreaterThan(300)
})

test('a value that was read as an entry is cut like any other value when it becomes a channel', async () => {
  const codec = new CheckpointCodec({})
  const rows = Array.from({ length: 40 }, (_, i) => ({ i, text: textOf(i, 200) }))
  const { files } = (await decode(codec, encode(codec, { files: { rows, other: 1 } }))) as { files: { rows: unknown } }
  expect(shown(encode(codec, { rows: files.rows }))).toStrictEqual(shown(encode(new CheckpointCodec({}), { rows })))
})

test('a value that was read as an element is cut like any other value when it becomes a channel', async () => {
  const codec = new CheckpointCodec({})
  const row = { cells: Array.from({ length: 40 }, (_, i) => ({ i, text: textOf(i, 200) })) }
  const { rows } = (await decode(codec, encode(codec, { rows: [row, 1] }))) as { rows: unknown[] }
  expect(shown(encode(codec, { row: rows[0] }))).toStrictEqual(shown(encode(new CheckpointCodec({}), { row })))
})

test.each([31, 32, 33, 40])(
  'a value that was nested too deeply to be cut (%d) is cut when it is nested less deeply',
  async (depth) => {
    const codec = new CheckpointCodec({})
    const rows = { rows: Array.from({ length: 100 }, (_, i) => ({ i, text: textOf(i, 400) })) }
    let nested: unknown = rows
    for (let i = 0; i < depth; i++) nested = { nested }
    const encoded = encode(codec, { nested })
    expect(shown(encode(codec, { list: [rows], rows }))).toStrictEqual(
      shown(encode(new CheckpointCodec({}), unshared({ list: [rows], rows }))),
    )
    expect(await decode(codec, encoded)).toStrictEqual({ nested })
    expect(shown(encode(codec, { nested }))).toStrictEqual(shown(encoded))
  },
)

test('a large element that has become small is stored without its former parts', () => {
  const codec = new CheckpointCodec({})
  const element = { rows: Array.from({ length: 100 }, (_, i) => ({ i, text: textOf(i, 400) })) }
  encode(codec, { list: [element, 1] })
  element.rows.length = 20
  expect(shown(encode(codec, { list: [element, 1] }))).toStrictEqual(
    shown(encode(new CheckpointCodec({}), { list: [unshared(element), 1] })),
  )
})

test('objects that are in a list and in another object are encoded in both', () => {
  const [a, b] = [{ text: textOf(1, 60) }, { text: textOf(2, 60) }]
  const { manifest } = encode(new CheckpointCodec({}), { list: [a, b], byName: { a, b } })
  const { list, byName } = JSON.parse(manifest) as Record<string, string>
  expect(list).not.toBe(byName)
})

test.each<[string, (object: any) => void]>([
  ['a function', (object) => (object.f = () => 1)],
  [
    'a getter that throws',
    (object) =>
      Object.defineProperty(object, 'g', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
  ],
  ['itself', (object) => (object.self = object)],
])('a remembered object is refused like any other once it has %s', (_, spoil) => {
  for (const size of [30, 2000]) {
    for (const deep of [false, true]) {
      const codec = new CheckpointCodec({})
      const element = { text: textOf(1, size), deep: { n: 1 } }
      encode(codec, { list: [element, 'x'.repeat(100)] })
      spoil(deep ? element.deep : element)
      expect(() => encode(codec, { list: [element, 'x'.repeat(100)] })).toThrow(
        expect.objectContaining({ code: 'UNSERIALIZABLE_VALUE' }),
      )
    }
  }
})

test('an object with a key of megabytes is stored in pieces and comes back', async () => {
  const value = { short: 1, ['k'.repeat(3_000_000)]: 'x'.repeat(2000), nested: { list: ['y'.repeat(5000)] } }
  const codec = new CheckpointCodec({})
  const encoded = encode(codec, { value })
  expect(Math.max(...[...encoded.parts.values()].map((part) => part.size))).toBeLessThanOrEqual(65_536)
  expect(await decode(codec, encoded)).toStrictEqual({ value })
})
