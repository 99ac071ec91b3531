import { HumanMessage } from '@langchain/core/messages'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlainArray, isPlainObject, parseWire, reviveWire, stringifyValue } from '../../../src/codec/value.ts'
import { anyValue } from '../../support/any-value.ts'
import { difference } from '../../support/strict-equal.ts'

/** Every value inside a value, the value first. */
function* parts(value: unknown): Generator {
  yield value
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  for (const key of Object.keys(value)) yield* parts(Reflect.get(value, key))
}

const throughText = (value: unknown): unknown => reviveWire(parseWire(stringifyValue(value, '$')))

test('the text of a plain array is its elements’ texts joined, and the same holds for the value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      for (const part of parts(value)) {
        if (!isPlainArray(part)) continue
        expect(stringifyValue(part, '$')).toBe(`[${part.map((element) => stringifyValue(element, '$')).join()}]`)
        expect(difference(part.map(throughText), part)).toBeUndefined()
      }
    }),
    { numRuns: 10_000 },
  )
})

test('the text of a plain object is its entries’ texts joined, and the same holds for the value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      for (const part of parts(value)) {
        if (!isPlainObject(part)) continue
        const entries = Object.entries(part)
        expect(stringifyValue(part, '$')).toBe(
          `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${stringifyValue(inner, '$')}`).join()}}`,
        )
        const again: object = {}
        for (const [key, inner] of entries) {
          Object.defineProperty(again, key, {
            value: throughText(inner),
            writable: true,
            enumerable: true,
            configurable: true,
          })
        }
        expect(difference(again, part)).toBeUndefined()
      }
    }),
    { numRuns: 10_000 },
  )
})

class List extends Array {}

describe('isPlainArray accepts', () => {
  test.for<[string, unknown]>([
    ['an empty one', []],
    ['one of anything', [undefined, null, 1n, new Map(), new HumanMessage('x'), () => 1]],
    ['a frozen one', Object.freeze([1])],
  ])('%s', ([, value]) => expect(isPlainArray(value)).toBe(true))
})

describe('isPlainArray refuses', () => {
  const withHole = [1, 2, 3]
  Reflect.deleteProperty(withHole, 1)
  const hidden = [1, 2]
  Reflect.deleteProperty(hidden, 0)
  test.for<[string, unknown]>([
    ['one with a hole', withHole],
    ['a longer one', Object.assign([1], { length: 2 })],
    ['one with a key', 'ab'.match(/b/)],
    ['one with a hole and a key', Object.assign(hidden, { key: 1 })],
    ['one with a symbol', Object.assign([1], { [Symbol('s')]: 1 })],
    ['one with a toJSON', Object.assign([1], { toJSON: () => 1 })],
    ['a subclass', List.from([1])],
    ['a Proxy', new Proxy([1], {})],
    ['a typed array', new Uint8Array(1)],
    ['an object', { length: 0 }],
    ['nothing', null],
  ])('%s', ([, value]) => expect(isPlainArray(value)).toBe(false))
})

describe('isPlainObject accepts', () => {
  test.for<[string, unknown]>([
    ['an empty one', {}],
    ['one of anything', { a: undefined, b: 1n, c: new Map(), d: () => 1 }],
    ['one with keys that mean something elsewhere', JSON.parse('{"__proto__":1,"constructor":2,"toJSON":3,"lc":1}')],
    ['one with two keys that start with $', { $a: 1, $b: 2 }],
    ['one with a hidden property', Object.defineProperty({}, 'a', { value: 1 })],
    [
      'one with getters',
      {
        get a() {
          return 1
        },
      },
    ],
  ])('%s', ([, value]) => expect(isPlainObject(value)).toBe(true))
})

describe('isPlainObject refuses', () => {
  test.for<[string, unknown]>([
    ['one that needs an escape', { $a: 1 }],
    ['one without a prototype', Object.create(null)],
    ['one made from another', Object.create({})],
    ['an instance', new HumanMessage('x')],
    ['one with a symbol', { [Symbol('s')]: 1 }],
    ['one with a toJSON', { toJSON: () => 1 }],
    ['a Proxy', new Proxy({}, {})],
    ['an array', []],
    ['nothing', null],
    ['a text', 'x'],
  ])('%s', ([, value]) => expect(isPlainObject(value)).toBe(false))
})
