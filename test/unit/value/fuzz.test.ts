import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LosslessSerializer, parseWire, reviveWire, stringifyValue } from '../../../src/codec/value.ts'
import { CheckpointerError } from '../../../src/errors.ts'
import { anyValue } from '../../support/any-value.ts'
import { MARKER, PAYLOADS } from '../../support/payloads.ts'

/** Pieces of texts that mean something to some reader. */
const TOKENS = [
  ...[
    'undefined',
    'number',
    'bigint',
    'date',
    'map',
    'set',
    'array',
    'null',
    'regexp',
    'url',
    'error',
    'bytes',
    'message',
    'lc',
    'generation',
    'document',
    'send',
    'overwrite',
    'delta',
    'command',
  ].flatMap((tag) => [`{"$${tag}":`, `"$${tag}"`]),
  ...[
    'AIMessage',
    'HumanMessageChunk',
    'RemoveMessage',
    'Uint8Array',
    'Float64Array',
    'Buffer',
    'AggregateError',
    'constructor',
    '__proto__',
    'prototype',
    'length',
    'spread',
    'content',
    'lc_kwargs',
    'langchain_core/prompts/chat/ChatPromptTemplate',
  ].map((word) => `"${word}"`),
  '{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{',
  '{"lc":2,"type":"constructor","id":["Map"],"args":[',
  '{"__lc_escaped__":',
  '"lc":2,',
  '"method":"from",',
  '1e999',
  '-0',
  '-1',
  '4294967295',
  '9007199254740993',
  'null',
  'true',
  '"',
  '\\u0000',
  '\\ud800',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '[[',
  ']]',
  '{}',
  '[]',
  '""',
  '$',
  '$$',
]

/** A small generator of numbers: fast, and a failure can be run again from its seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The text with a few pieces taken out, put in, doubled or replaced. */
function mutated(text: string, texts: readonly string[], random: (below: number) => number): string {
  let result = text
  for (let change = random(4); change >= 0; change -= 1) {
    const at = random(result.length + 1)
    const end = Math.min(result.length, at + random(12))
    const other = texts[random(texts.length)] as string
    const from = random(other.length + 1)
    const insert = [
      TOKENS[random(TOKENS.length)] as string,
      '',
      String.fromCharCode(random(128)),
      other.slice(from, from + random(60)),
      result.slice(at, end),
    ][random(5)] as string
    result = result.slice(0, at) + insert + result.slice(random(2) === 0 ? at : end)
  }
  return result
}

const VALUES: readonly unknown[] = [
  null,
  0,
  '',
  'x',
  [],
  {},
  true,
  -1,
  1e9,
  ['AIMessage', {}],
  'constructor',
  '__proto__',
  [[1, 2]],
  '2020-01-01T00:00:00.000Z',
]

/** As above, but of the tree, so that it stays JSON: values change, and take the place of others. */
function mutatedTree(text: string, random: (below: number) => number): string {
  let earlier = '0'
  const tree: unknown = JSON.parse(text, (_, value: unknown) => {
    switch (random(16)) {
      case 0:
        return VALUES[random(VALUES.length)]
      case 1:
        return JSON.parse(earlier) as unknown
      case 2:
        earlier = JSON.stringify(value)
        return value
      default:
        return value
    }
  })
  return JSON.stringify(tree)
}

const PROTOTYPES = [Object, Array, Function, Map, Set, Date, RegExp, Error, Uint8Array, String, Number, Promise].map(
  (Class) => Class.prototype as object,
)
const shapeOfPrototypes = (): string =>
  JSON.stringify(
    PROTOTYPES.map((prototype) => [
      Reflect.ownKeys(prototype).map(String),
      String(Object.getPrototypeOf(prototype) === null),
    ]),
  )

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['FUZZ_RUNS'] ?? 200_000)
const texts = [
  ...fc.sample(anyValue, { numRuns: 400, seed }).map((value) => stringifyValue(value, '$')),
  ...Object.values(PAYLOADS).map((payload) => JSON.stringify(payload)),
]

const warn = console.warn
beforeAll(() => {
  // LangChain warns about tool calls that it finds unparsed.
  console.warn = () => {}
})
afterAll(() => {
  console.warn = warn
})

test(`${runs} mutated texts give values or typed errors, fast, and change no prototype (seed ${seed})`, async () => {
  const random = randomFrom(seed)
  const serializer = new LosslessSerializer()
  const before = shapeOfPrototypes()
  let read = 0
  let slowest = 0
  for (let run = 0; run < runs; run += 1) {
    const original = texts[random(texts.length)] as string
    const text = random(2) === 0 ? mutated(original, texts, random) : mutatedTree(original, random)
    const start = process.cpuUsage()
    try {
      if (run % 2 === 0) reviveWire(parseWire(text))
      else await serializer.loadsTyped('json', text)
      read += 1
    } catch (error) {
      if (!CheckpointerError.is(error)) throw new Error(`seed ${seed}, run ${run}: ${text}`, { cause: error })
    }
    slowest = Math.max(slowest, process.cpuUsage(start).user / 1000)
  }
  expect(shapeOfPrototypes()).toBe(before)
  expect(Reflect.get(globalThis, MARKER)).toBeUndefined()
  expect(slowest).toBeLessThan(1000)
  // Else the mutations were too wild to test more than the JSON parser.
  expect(read).toBeGreaterThan(runs / 5)
})

test('a value read from a mutated text can be written and read again, or is refused', () => {
  const random = randomFrom(seed + 1)
  for (let run = 0; run < 20_000; run += 1) {
    const text = mutatedTree(texts[random(texts.length)] as string, random)
    try {
      const once = stringifyValue(reviveWire(parseWire(text)), '$')
      expect(stringifyValue(reviveWire(parseWire(once)), '$'), `seed ${seed + 1}, run ${run}: ${text}`).toBe(once)
    } catch (error) {
      if (!CheckpointerError.is(error)) throw new Error(`seed ${seed + 1}, run ${run}: ${text}`, { cause: error })
    }
  }
})
