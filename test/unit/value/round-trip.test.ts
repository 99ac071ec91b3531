import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseWire, reviveWire, stringifyValue } from '../../../src/codec/value.ts'
import { anyValue } from '../../support/any-value.ts'
import { sharedObject } from '../../support/shared-object.ts'
import { mustComeBack } from '../../support/through-text.ts'

test('a value of any kind comes back as it was, and matches what was written', () => {
  const runs = fc.check(fc.property(anyValue, mustComeBack), { numRuns: 30_000 })
  expect(fc.defaultReportMessage(runs)).toBeUndefined()
})

test('a revived value shares no object with its wire tree, which stays as it was', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = stringifyValue(value, '$')
      const wire = parseWire(text)
      const revived = reviveWire(wire)
      expect(sharedObject(revived, wire)).toBeUndefined()
      expect(sharedObject(revived, reviveWire(wire))).toBeUndefined()
      expect(JSON.stringify(wire)).toBe(text)
    }),
    { numRuns: 5_000 },
  )
})

test('writing does not change the value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = stringifyValue(value, '$')
      expect(stringifyValue(value, '$')).toBe(text)
      expect(stringifyValue(reviveWire(parseWire(text)), '$')).toBe(text)
    }),
    { numRuns: 5_000 },
  )
})

test('every text is well-formed, so UTF-8 holds it without loss', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = stringifyValue(value, '$')
      expect(Buffer.from(text).toString()).toBe(text)
      expect(text).not.toContain('\0')
    }),
    { numRuns: 5_000 },
  )
})

test('plain JSON values are written as plain JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // JSON itself has no -0, and reads `{"$…":…}` as what it says.
      fc.pre(!JSON.stringify(value, (_, inner: unknown) => (Object.is(inner, -0) ? '$' : inner)).includes('$'))
      expect(stringifyValue(value, '$')).toBe(JSON.stringify(value))
    }),
    { numRuns: 2_000 },
  )
})

test('an object that is reached twice is written twice', () => {
  const shared = { deep: [1] }
  const revived = reviveWire(parseWire(stringifyValue({ one: shared, two: [shared] }, '$')))
  expect(revived).toEqual({ one: { deep: [1] }, two: [{ deep: [1] }] })
})

test('a JSON Schema from Zod is written without the hidden functions that validate with it', () => {
  const schema = z.toJSONSchema(z.object({ approved: z.boolean(), by: z.object({ name: z.string() }) }))
  expect(Object.getOwnPropertyNames(schema)).toContain('~standard')
  expect(stringifyValue({ schema }, '$')).toBe(JSON.stringify({ schema }))
})
