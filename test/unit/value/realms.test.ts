import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import {
  DEFAULT_VALUE_LIMITS,
  isPlainArray,
  isPlainObject,
  matchesWire,
  parseWire,
  stringifyValue,
} from '../../../src/codec/value.ts'
import { UnserializableValueError } from '../../../src/errors.ts'
import { mustEqual, throughText } from '../../support/through-text.ts'

/** Test runners and sandboxes load code into realms with built-in classes of their own. */
const CODE = `({
  object: { a: [1, { b: undefined }], $c: { $d: 1 } },
  nothing: Object.create(null),
  map: new Map([[{ k: 1 }, new Set([1n])]]),
  date: new Date(0),
  expression: /a/gi,
  error: Object.assign(new TypeError('m', { cause: new Error('n') }), { code: 1 }),
  errors: new AggregateError([new RangeError('r')], 'a'),
  bytes: Uint8Array.of(1, 2),
  floats: new Float64Array([1.5]),
  buffer: new ArrayBuffer(2),
  match: 'ab'.match(/b/),
})`

test('values of another realm come back as values of this one', () => {
  const foreign: unknown = runInNewContext(CODE)
  // oxlint-disable-next-line no-eval -- the same literal, in this realm
  const local: unknown = (0, eval)(CODE)
  mustEqual(throughText(foreign), local)
  expect(stringifyValue(foreign, '$')).toBe(stringifyValue(local, '$'))
  expect(matchesWire(foreign, parseWire(stringifyValue(local, '$')))).toBe(true)
})

test('containers of another realm can be cut', () => {
  expect(isPlainArray(runInNewContext('[1, { a: 1 }]'))).toBe(true)
  expect(isPlainObject(runInNewContext('({ a: 1 })'))).toBe(true)
  expect(isPlainObject(runInNewContext('({ $a: 1 })'))).toBe(false)
})

test.for([
  'new (class Foo { a = 1 })()',
  'new (class Map extends globalThis.Map {})()',
  'new (class TypeError extends Error {})("x")',
  'new (class Uint8Array extends globalThis.Uint8Array {})(1)',
  'new (class Buffer extends Uint8Array {})(1)',
])('a class of a program is refused where that is asked for, whatever its name and realm: %s', (code) => {
  const rules = { ...DEFAULT_VALUE_LIMITS, unknownClasses: 'reject' } as const
  expect(() => stringifyValue(runInNewContext(code), '$', rules)).toThrow(UnserializableValueError)
  // oxlint-disable-next-line no-eval -- the same class, in this realm
  expect(() => stringifyValue((0, eval)(code), '$', rules)).toThrow(UnserializableValueError)
})
