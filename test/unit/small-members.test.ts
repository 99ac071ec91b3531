/** Small members, remembered by groups and serialized several at a time: the same bytes as without, whatever changed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { CheckpointCodec } from '../../src/codec/checkpoint-codec.ts'
import { endsGroup, MemberScanner } from '../../src/codec/cut.ts'
import { Part } from '../../src/codec/part.ts'
import { checkpointOf, textOf } from '../support/checkpoints.ts'

interface Encoded {
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  readonly digest: string
  readonly parts: ReadonlyMap<string, Part>
}

const encode = (codec: CheckpointCodec, value: unknown) =>
  codec.encodeCheckpoint(checkpointOf('id', { value }), {} as CheckpointMetadata, {}, false) as Encoded
const shown = ({ manifest, parts }: Encoded) => ({ manifest, parts: [...parts.keys()].toSorted() })
const fresh = (value: unknown) => encode(new CheckpointCodec({}), structuredClone(value))

async function decode(codec: CheckpointCodec, encoded: Encoded): Promise<unknown> {
  const address = { threadId: 't', ns: '', checkpointId: 'id' }
  const stored = { ...encoded, address, parentId: undefined, seq: 1, writes: [], sends: [] }
  const tuple = await codec.decodeTuple(codec.parse(stored), encoded.parts as never)
  return tuple.checkpoint.channel_values['value']
}

type Container = unknown[] | Record<string, unknown>

const SHAPES: Record<string, (length: number) => Container> = {
  objects: (length) => Array.from({ length }, (_, i) => ({ i, text: textOf(i, 30 + (i % 90)), deep: { list: [i] } })),
  numbers: (length) => Array.from({ length }, (_, i) => i / 3),
  texts: (length) => Array.from({ length }, (_, i) => textOf(i, 20 + (i % 50)) + '"\\,{[ü'.slice(0, i % 7)),
  'lists of numbers': (length) =>
    Array.from({ length: length / 20 }, (_, i) => Array.from({ length: 300 }, (_none, j) => i + j / 7)),
  'a mixture with large ones': (length) =>
    Array.from({ length }, (_, i) => (i % 37 === 5 ? { text: textOf(i, 1500) } : i % 3 === 0 ? `t${i}` : { i })),
  'an object of texts': (length) =>
    Object.fromEntries(Array.from({ length }, (_, i) => [`file ${i}.ts`, textOf(i, 60)])),
  'an object of objects': (length) =>
    Object.fromEntries(Array.from({ length }, (_, i) => [`k"${i}`, { i, text: textOf(i, 40) }])),
}

/** In place. */
function change(container: Container, at: number): void {
  const keys = Object.keys(container)
  const key = keys[at % keys.length] as string
  const member = Reflect.get(container, key) as unknown
  if (Array.isArray(container)) {
    const index = at % container.length
    if (at % 7 === 0) return void container.splice(index, 1)
    if (at % 7 === 1) return void container.splice(index, 0, { inserted: at })
    if (at % 7 === 2) return void container.splice(0, 1 + (at % 30))
    if (at % 7 === 3) return void container.push({ appended: at }, at, `${at}`)
    if (at % 7 === 4) return void container.splice(index, 0, ...container.splice((index * 3) % container.length, 12))
  } else if (at % 3 === 0) return void delete container[key]
  else if (at % 3 === 1) return void (container[`new ${at}`] = { at })
  if (Array.isArray(member)) member[at % member.length] = at
  else if (typeof member === 'object' && member !== null) Reflect.set(member, at % 2 === 0 ? 'text' : 'i', at)
  else Reflect.set(container, key, at)
}

test.for(Object.entries(SHAPES))('%s: changes in place, copies and reads change no byte', async ([, make]) => {
  let rounds = 0
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(100_000)), { minLength: 2, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 20, max: 600 }), steps, async (length, changes) => {
      const codec = new CheckpointCodec({})
      let value = make(length)
      for (const [how, at] of changes) {
        if (how === 0) value = Array.isArray(value) ? [...value] : { ...value } // as reducers do
        else if (how === 1) value = (await decode(codec, encode(codec, value))) as Container
        else change(value, at)
        const encoded = encode(codec, value)
        expect(shown(encoded)).toStrictEqual(shown(fresh(value)))
        expect(await decode(codec, encoded)).toStrictEqual(value)
        rounds++
      }
    }),
    { numRuns: 40 },
  )
  expect(rounds).toBeGreaterThan(80)
})

test.for(Object.entries(SHAPES))('%s: what has not changed is neither hashed nor made again', ([, make]) => {
  const codec = new CheckpointCodec({})
  const value = make(600)
  const first = encode(codec, value)
  const again = encode(codec, value)
  for (const [name, part] of again.parts) expect(first.parts.get(name as never)).toBe(part)
})

test('a list of small objects that grew by one, in a new list, makes its last parts only', () => {
  const codec = new CheckpointCodec({})
  const list = SHAPES['objects']!(2000) as unknown[]
  const before = encode(codec, list)
  const after = encode(codec, [...list, { i: 2000 }])
  const made = [...after.parts.values()].filter((part) => before.parts.get(part.name) !== part)
  expect(made.length).toBeLessThan(6)
})

test('members are found in a text, and end groups, as they do one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 20 }), fc.nat(16_000), (values, chars) => {
      const texts = values.map((value) => JSON.stringify(value))
      const scanner = new MemberScanner(texts.join(','))
      const found: [string, boolean][] = []
      while (scanner.next()) found.push([texts.join(',').slice(scanner.start, scanner.end), scanner.endsGroup(chars)])
      expect(found).toStrictEqual(texts.map((text) => [text, endsGroup(text, chars)]))
      expect(scanner.items).toBe(texts.reduce((sum, text) => sum + Part.of('v', text).items, 0))
    }),
    { numRuns: 500 },
  )
})
