import { createRequire } from 'node:module'
import type * as messages from '@langchain/core/messages'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { RunnableLambda } from '@langchain/core/runnables'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_VALUE_LIMITS, matchesWire, parseWire, reviveWire, stringifyValue } from '../../../src/codec/value.ts'
import type { ValueRules } from '../../../src/codec/value.ts'
import { TooLargeError, UnserializableValueError } from '../../../src/errors.ts'
import { anyValue } from '../../support/any-value.ts'
import { withHoles } from '../../support/with-holes.ts'

const REJECT: ValueRules = { ...DEFAULT_VALUE_LIMITS, unknownClasses: 'reject' }

function refusalOf(value: unknown, path = '$', rules = REJECT): UnserializableValueError {
  try {
    stringifyValue(value, path, rules)
  } catch (error) {
    if (error instanceof UnserializableValueError) return error
    throw error
  }
  throw new Error('it was stored')
}

class Account {
  owner = 'me'
  toJSON(): string {
    return 'account'
  }
}
class Bag extends Map {}
class Tags extends Set {}
class Money extends Number {}
class Failure extends Error {}
class Moment extends Date {}
class List extends Array {}
class Greeting extends HumanMessage {}

const require = createRequire(import.meta.url)

function argumentsOf(..._values: number[]): IArguments {
  // oxlint-disable-next-line prefer-rest-params -- these are what is tested
  return arguments
}

const UNSUPPORTED: Record<string, readonly [kind: string, make: () => unknown]> = {
  'a function': ['function', () => () => 1],
  'a class': ['function', () => Account],
  'a symbol': ['symbol', () => Symbol('s')],
  'a registered symbol': ['symbol', () => Symbol.for('s')],
  'an instance of an unknown class': ['class Account', () => new Account()],
  'an instance of a nameless class': [
    'class without a name',
    () =>
      new (class {
        field = 1
      })(),
  ],
  'an object made from another': ['class without a name', () => Object.create({ inherited: 1 })],
  'a subclass of Map': ['class Bag', () => new Bag()],
  'a subclass of Set': ['class Tags', () => new Tags([1])],
  'a subclass of Error': ['class Failure', () => new Failure('x')],
  'a subclass of Date': ['class Moment', () => new Moment()],
  'a subclass of Array': ['class List', () => List.from([1])],
  'a subclass of a message': ['class Greeting', () => new Greeting('hi')],
  'a subclass of a boxed number': ['boxed primitive', () => Reflect.construct(Money, [1])],
  'a boxed string': ['boxed primitive', () => new String('s')],
  'a boxed symbol': ['symbol', () => Object(Symbol('s'))],
  'a promise': ['Promise', () => Promise.resolve(1)],
  'a generator': ['generator or iterator', () => (function* () {})()],
  'an iterator': ['generator or iterator', () => [1][Symbol.iterator]()],
  'a WeakMap': ['WeakMap', () => new WeakMap()],
  'a WeakRef': ['WeakRef', () => new WeakRef({})],
  'a Proxy': ['Proxy', () => new Proxy({ a: 1 }, {})],
  'a Proxy of an array': ['Proxy', () => new Proxy([1], {})],
  'a Proxy of a message': ['Proxy', () => new Proxy(new HumanMessage('x'), {})],
  'a symbol-keyed property': ['symbol-keyed property', () => ({ [Symbol('s')]: 1 })],
  'a symbol-keyed property of a message': [
    'symbol-keyed property',
    () => Object.assign(new HumanMessage('x'), { [Symbol('s')]: 1 }),
  ],
  'the arguments of a call': ['arguments object', () => argumentsOf(1)],
  'a Date with a field': ['Date with fields of its own', () => Object.assign(new Date(0), { zone: 'UTC' })],
  'a Map with a field': ['Map with fields of its own', () => Object.assign(new Map(), { name: 'm' })],
  'a RegExp with a field': ['RegExp with fields of its own', () => Object.assign(/x/, { name: 'm' })],
  'shared memory': ['piece of shared or resizable memory', () => new SharedArrayBuffer(1)],
  'a resizable buffer': [
    'piece of shared or resizable memory',
    () => Reflect.construct(ArrayBuffer, [1, { maxByteLength: 2 }]),
  ],
  'an AbortSignal': ['class AbortSignal', () => new AbortController().signal],
  'a bigint of 20 million digits': ['bigint of more than 100,000 digits', () => 1n << 66_000_000n],
  'a runnable': ['class RunnableLambda', () => RunnableLambda.from((x: number) => x)],
  'a message without lc_kwargs': [
    'LangChain object without lc_kwargs',
    () => Object.assign(new HumanMessage('x'), { lc_kwargs: undefined }),
  ],
  'a getter that throws': [
    'value that throws when it is read',
    () => ({
      get a(): never {
        throw new Error('no')
      },
    }),
  ],
}

/** Ways down to a value, and the path that names it. */
const PLACES: readonly (readonly [path: string, wrap: (value: unknown) => unknown])[] = [
  ['$', (value) => value],
  ['$.a', (value) => ({ z: [new Date(0)], a: value })],
  ['$[1]', (value) => [{ deep: [1] }, value]],
  ['$.a[0].b["two words"]', (value) => ({ a: [{ b: { 'two words': value } }] })],
  ['$[0].key', (value) => new Map([[value, 1]])],
  [
    '$.m[1].value',
    (value) => ({
      m: new Map<unknown, unknown>([
        [1, 1],
        [2, value],
      ]),
    }),
  ],
  ['$[1]', (value) => new Set([1, value])],
  ['$.cause', (value) => new Error('x', { cause: value })],
  ['$.errors[0]', (value) => new AggregateError([value])],
  ['$.detail', (value) => Object.assign(new Error('x'), { detail: value })],
  ['$[1].additional_kwargs.x', (value) => [1, new HumanMessage({ content: 'c', additional_kwargs: { x: value } })]],
  [
    '$.tool_calls[0].args.q',
    (value) => new AIMessage({ content: '', tool_calls: [{ name: 'n', args: { q: value } }] }),
  ],
  ['$.extra', (value) => Object.assign(new HumanMessage('x'), { extra: value })],
  ['$.a', (value) => Object.assign(Object.create(null), { a: value })],
  ['$[2]', (value) => withHoles(3, { 2: value })],
]

/** Those that are refused only where people ask for it. */
const isOfUnknownClass = (kind: string) => /^class |^boxed |^Proxy$/.test(kind)

describe("a value that can't be stored is refused with its place and kind", () => {
  test.for(Object.entries(UNSUPPORTED))('%s', ([, [kind, make]]) => {
    for (const [path, wrap] of PLACES) {
      const refusal = refusalOf(wrap(make()))
      const place = kind.startsWith('value that throws') ? `${path}.a` : path
      expect([refusal.path, refusal.kind]).toEqual([place, kind])
      expect(refusal.code).toBe('UNSERIALIZABLE_VALUE')
    }
  })
  test.for(Object.entries(UNSUPPORTED).filter(([, [kind]]) => !isOfUnknownClass(kind)))(
    '%s, also where unknown classes are kept as data',
    ([, [kind, make]]) => {
      for (const [, wrap] of PLACES) expect(refusalOf(wrap(make()), '$', DEFAULT_VALUE_LIMITS).kind).toBe(kind)
    },
  )
})

test('the place begins with the given path', () => {
  expect(refusalOf({ a: [() => 1] }, 'channel_values.messages[3]').path).toBe('channel_values.messages[3].a[0]')
})

test('the error says how to make an instance storable, and does not show its content', () => {
  expect(refusalOf({ user: new Account() }).message).toBe(
    "$.user is a class Account, which can't be stored without loss. Register it with the option classes, or convert it to a plain object before returning it from the node.",
  )
})

test('anything that holds an unsupported value is refused', () => {
  fc.assert(
    fc.property(anyValue, anyValue, fc.constantFrom(...Object.values(UNSUPPORTED)), (before, after, [, make]) => {
      expect(() => stringifyValue([before, { inner: new Map([[1, make()]]) }, after], '$', REJECT)).toThrow(
        UnserializableValueError,
      )
    }),
    { numRuns: 2_000 },
  )
})

test('where unknown classes are refused, their toJSON is not called', () => {
  let called = 0
  class Loud {
    toJSON(): string {
      called += 1
      throw new Error('called')
    }
  }
  expect(refusalOf([new Loud()]).kind).toBe('class Loud')
  expect(refusalOf({ toJSON: () => (called += 1) }).path).toBe('$.toJSON')
  expect(called).toBe(0)
})

describe('a cycle is refused where it closes', () => {
  const object: Record<string, unknown> = { name: 'x' }
  object['self'] = object
  const list: unknown[] = [1, { deep: [] }]
  ;(list[1] as { deep: unknown[] }).deep.push(list)
  const map = new Map<string, unknown>()
  map.set('again', { map })
  const error = new Error('x')
  error.cause = { error }
  const message = new HumanMessage('x')
  message.additional_kwargs = { message }
  const kwargs = new HumanMessage('x')
  kwargs.lc_kwargs['self'] = kwargs.lc_kwargs

  test.for<[string, unknown, string]>([
    ['an object', object, '$.self'],
    ['a list', list, '$[1].deep[0]'],
    ['a map', map, '$[0].value.map'],
    ['an error', error, '$.cause.error'],
    ['a message', message, '$.additional_kwargs.message'],
    ['the arguments of a message', kwargs, '$.self.self'],
    ['below something deep', { a: [[{ list }]] }, '$.a[0][0].list[1].deep[0]'],
  ])('%s', ([, value, path]) => {
    const refusal = refusalOf(value)
    expect([refusal.kind, refusal.path]).toEqual(['cycle', path])
  })
})

describe('limits', () => {
  function nested(depth: number, wrap: (value: unknown) => unknown = (value) => [value]): unknown {
    let value: unknown = wrap(1)
    for (let level = 1; level < depth; level += 1) value = wrap(value)
    return value
  }

  test.for<[string, number, (value: unknown) => unknown]>([
    ['arrays', 1000, (value) => [value]],
    ['objects', 1000, (value) => ({ a: value })],
    ['maps', 333, (value) => new Map([[1, value]])],
    ['errors', 333, (value) => new Error('x', { cause: value })],
    ['messages', 250, (value) => new HumanMessage({ content: 'x', additional_kwargs: { value } })],
  ])('%s can be nested %i deep, and one level more is refused', ([, most, wrap]) => {
    const text = stringifyValue(nested(most, wrap), '$')
    expect(stringifyValue(reviveWire(parseWire(text)), '$')).toBe(text)
    expect(() => stringifyValue(nested(most + 1, wrap), '$')).toThrow(TooLargeError)
  })

  test('100,000 levels are refused, whatever the limit', () => {
    const deep = nested(100_000)
    for (const maxDepth of [1000, 50_000, Infinity]) {
      expect(() => stringifyValue(deep, '$', { ...DEFAULT_VALUE_LIMITS, maxDepth, maxChars: Infinity })).toThrow(
        TooLargeError,
      )
    }
    expect(matchesWire(deep, deep)).toBe(false)
  })

  test('the limit is in characters of JSON text', () => {
    const limits = { ...DEFAULT_VALUE_LIMITS, maxDepth: 10, maxChars: 12 }
    expect(stringifyValue('0123456789', '$', limits)).toHaveLength(12)
    expect(() => stringifyValue('0123456789+', '$', limits)).toThrow(/maxChars/)
    expect(() => stringifyValue(['0123', '4567'], '$.a', limits)).toThrow(/^\$\.a .*limit is 12/)
  })

  test('bytes are refused before they are encoded', () => {
    expect(() => stringifyValue(new ArrayBuffer(101_000_000), '$')).toThrow(TooLargeError)
  })

  test('shared objects that multiply when written are refused at the limit', () => {
    let value: unknown = ['x']
    for (let level = 0; level < 100; level += 1) value = [value, value]
    expect(() => stringifyValue(value, '$', { ...DEFAULT_VALUE_LIMITS, maxChars: 1_000_000 })).toThrow(TooLargeError)
  })

  test('a text longer than a string can be is refused', () => {
    const value = Array.from({ length: 6 }, () => '\0'.repeat(2 ** 24))
    expect(() => stringifyValue(value, '$', { ...DEFAULT_VALUE_LIMITS, maxDepth: 10, maxChars: Infinity })).toThrow(
      TooLargeError,
    )
  })
})

describe('a toJSON on a built-in prototype', () => {
  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, 'toJSON')
    Reflect.deleteProperty(BigInt.prototype, 'toJSON')
  })

  test('that would replace every object is refused', () => {
    Reflect.defineProperty(Object.prototype, 'toJSON', { value: () => 'gone', configurable: true })
    expect(() => stringifyValue({ a: 1 }, '$')).toThrow(UnserializableValueError)
  })

  test('that programs add to BigInt makes no difference', () => {
    Reflect.defineProperty(BigInt.prototype, 'toJSON', { value: () => 'gone', configurable: true })
    expect(stringifyValue(1n, '$')).toBe('{"$bigint":"1"}')
  })
})

test('instances of another installed copy are refused like those of this copy', () => {
  const other = require('@langchain/core/messages') as typeof messages
  class OtherGreeting extends other.HumanMessage {}
  expect(refusalOf(new OtherGreeting('x')).kind).toBe('class OtherGreeting')
})
