/** What a state costs is in proportion to its size, whatever its shape; what is beyond a limit is refused with the limit. */
import type { CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { describe, expect, test } from 'vitest'
import { CheckpointCodec } from '../../src/codec/checkpoint-codec.ts'
import { fromJsonbText, toJsonbText } from '../../src/codec/jsonb-text.ts'
import type { Part } from '../../src/codec/part.ts'
import { checkpointOf } from '../support/checkpoints.ts'

interface Encoded {
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  readonly digest: string
  readonly parts: ReadonlyMap<string, Part>
}

const encode = (codec: CheckpointCodec, value: unknown, metadata: object = {}) =>
  codec.encodeCheckpoint(checkpointOf('id', { value }), metadata as CheckpointMetadata, {}, false) as Encoded

async function decode(codec: CheckpointCodec, encoded: Encoded): Promise<unknown> {
  const address = { threadId: 't', ns: '', checkpointId: 'id' }
  const stored = { ...encoded, address, parentId: undefined, seq: 1, writes: [], sends: [] }
  const tuple = await codec.decodeTuple(codec.parse(stored), encoded.parts as never)
  return tuple.checkpoint.channel_values['value']
}

/** Processor time in milliseconds: other processes don't count. */
async function cpuMs<Result>(work: () => Result | Promise<Result>): Promise<[number, Result]> {
  const start = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(start)
  return [(user + system) / 1000, result]
}

describe('a put and a get take at most ten times what JSON.stringify and JSON.parse take', () => {
  test.for<[string, () => unknown]>([
    ['1,500,000 empty objects', () => Array.from({ length: 1_500_000 }, () => ({}))],
    ['300,000 empty lists', () => Array.from({ length: 300_000 }, () => [])],
    ['200,000 small objects', () => Array.from({ length: 200_000 }, (_, i) => ({ i, text: `row ${i}` }))],
    ['1,000,000 numbers', () => Array.from({ length: 1_000_000 }, (_, i) => i / 7)],
    [
      'an object of 100,000 texts',
      () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, `v${i}`])),
    ],
  ])('%s', async ([, make]) => {
    const value = make()
    const [plain, text] = await cpuMs(() => JSON.stringify(value))
    const [parsing] = await cpuMs(() => JSON.parse(text) as unknown)
    const codec = new CheckpointCodec({})
    const [put, encoded] = await cpuMs(() => encode(codec, value))
    const [get, read] = await cpuMs(() => decode(codec, encoded))
    const [again, encodedAgain] = await cpuMs(() => encode(codec, read))
    expect(Math.max(put, get, again)).toBeLessThan(10 * (plain + parsing))
    expect(encodedAgain.manifest).toBe(encoded.manifest)
    expect(JSON.stringify(read) === text).toBe(true)
  })
})

test('reads stay quick while a million small elements are held', async () => {
  const codec = new CheckpointCodec({})
  const many = await decode(
    codec,
    encode(
      codec,
      Array.from({ length: 1_200_000 }, () => ({})),
    ),
  )
  const few = encode(
    codec,
    Array.from({ length: 2000 }, (_, i) => ({ i })),
  )
  const [ms] = await cpuMs(() => decode(codec, few))
  expect(ms).toBeLessThan(200)
  expect(many).toHaveLength(1_200_000)
})

test('what jsonb refuses is escaped and read again in a second a million', async () => {
  for (const text of ['\0', '\ud800', '\uf8ff', '"', '\\'].map((character) => character.repeat(1_000_000))) {
    const json = JSON.stringify(text)
    const [ms, back] = await cpuMs(() => fromJsonbText(toJsonbText(json)))
    expect(back === json).toBe(true)
    expect(ms).toBeLessThan(2500)
  }
})

/** Lists of seven, inside one another: none is long enough for an index, but all of them together are 16,807. */
function nested(levels: number, seed: number): unknown {
  if (levels === 0) return 'x'.repeat(1100) + seed
  return Array.from({ length: 7 }, (_, i) => nested(levels - 1, seed * 7 + i))
}

test('lists inside one another take little room in the manifest, and come back', async () => {
  const codec = new CheckpointCodec({})
  const value = nested(5, 0)
  const encoded = encode(codec, value)
  expect(encoded.manifest.length).toBeLessThan(10_000)
  expect(Math.max(...[...encoded.parts.values()].map(({ size }) => size))).toBeLessThan(65_536)
  expect(await decode(codec, encoded)).toStrictEqual(value)
  // A change at the bottom is one way down.
  const before = new Set(encoded.parts.keys())
  ;(value as string[][][][][])[3]![3]![3]![3]![3] = 'y'.repeat(1100)
  const fresh = [...encode(codec, value).parts.keys()].filter((name) => !before.has(name))
  expect(fresh.length).toBeLessThan(8)
})

describe('is refused with the field, its size and the limit', () => {
  test.for<[string, object, (codec: CheckpointCodec) => unknown, object]>([
    [
      'a list of too many',
      { maxItems: 1000 },
      (codec) =>
        encode(
          codec,
          Array.from({ length: 1001 }, () => 1),
        ),
      { path: 'channel_values.value', option: 'maxItems', limit: 1000 },
    ],
    [
      'too many in parts that are all small enough',
      { maxItems: 10_000 },
      (codec) =>
        encode(
          codec,
          Array.from({ length: 100 }, () => Array.from({ length: 300 }, (_, i) => i)),
        ),
      { path: 'channel_values.value', option: 'maxItems', limit: 10_000 },
    ],
    [
      'too many in objects that are all small',
      { maxItems: 10_000 },
      (codec) =>
        encode(
          codec,
          Array.from({ length: 3000 }, () => ({})),
        ),
      { option: 'maxItems' },
    ],
    [
      'a Map of too many',
      { maxItems: 1000 },
      (codec) => encode(codec, new Map(Array.from({ length: 300 }, (_, i) => [i, i]))),
      { option: 'maxItems' },
    ],
    [
      'an array that is long without elements',
      {},
      (codec) => encode(codec, Object.assign([], { length: 2 ** 32 - 1 })),
      { option: 'maxItems' },
    ],
    [
      'metadata of two million quotes',
      {},
      (codec) => encode(codec, 1, { note: '"'.repeat(2_000_000) }),
      { path: 'metadata', option: 'maxMetadataChars', limit: 1_048_576 },
    ],
    [
      '50,001 pending writes at once',
      {},
      (codec) =>
        codec.encodeWrites(
          Array.from({ length: 50_001 }, () => ['c', 1]),
          'task',
          '',
        ),
      { path: 'writes', option: 'maxWrites', limit: 50_000 },
    ],
  ])('%s', ([, limits, work, error]) => {
    expect(() => work(new CheckpointCodec({ limits }))).toThrow(
      expect.objectContaining({
        code: 'TOO_LARGE',
        message: expect.stringMatching(/limit is \d+/) as string,
        ...error,
      }),
    )
  })

  test('and what was counted when it was read counts when it is put again', async () => {
    const codec = new CheckpointCodec({})
    const encoded = encode(
      codec,
      Array.from({ length: 3000 }, (_, i) => ({ i })),
    )
    const strict = new CheckpointCodec({ limits: { maxItems: 10_000 } })
    const read = (await decode(strict, encoded)) as unknown[] // stored under another limit
    expect(() => encode(strict, read)).toThrow(expect.objectContaining({ option: 'maxItems' }))
  })
})

test('50,000 pending writes at once are encoded', () => {
  const pending = Array.from({ length: 50_000 }, (_, i) => ['c', { i }] as [string, unknown])
  expect(new CheckpointCodec({}).encodeWrites(pending, 'task', '')).toHaveLength(50_000)
})
