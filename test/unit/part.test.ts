import { Part } from '../../src/codec/part.ts'

test.each([
  ['1', 0],
  ['[1,2,3]', 7],
  ['{"a":[],"b":{}}', 16],
  [String.raw`["\\","[\"{,","\\\""]`, 7],
])('elements and entries of %s', (json, items) => {
  expect(Part.of('v', json).items).toBe(items)
  const parsed = Part.of('v', json)
  expect(parsed.wire).toStrictEqual(JSON.parse(json))
  expect(parsed.items).toBe(items)
})
