import { needleOf } from '../../../src/store/needle.ts'

test.each<[string, unknown, string | undefined]>([
  ['the longest of several strings', { source: 'loop', user: 'user-17', step: 3 }, '"user-17"'],
  ['a string in a list', { tags: ['a', 'blue'] }, '"blue"'],
  ['an integer, with its key', { source: '', step: 3 }, '"step":3'],
  ['an integer inside', { a: { b: [{ count: -12 }] } }, '"count":-12'],
  ['no integer in a list', { list: [100_000] }, undefined],
  ['no fraction, and none that is spelled with an exponent', { a: 1.5, b: 1e21, c: 2 ** 53 }, undefined],
  ['no string with an escape', { a: 'one "two" three', b: '\n\n\n\n\n', c: 'x' }, '"x"'],
  ['no integer below a key with an escape', { 'a"': 1 }, undefined],
  ['no boolean, no null, no empty object', { a: true, b: null, c: {}, d: [] }, undefined],
])('%s', (_, filter, needle) => {
  expect(needleOf([JSON.stringify(filter)])).toBe(needle)
})

test('what stands in all of several filters, and nothing that stands in some', () => {
  const filters = [{ a: 'common', b: 'only in this one' }, { a: 'common' }].map((filter) => JSON.stringify(filter))
  expect(needleOf(filters)).toBe('"common"')
  expect(needleOf([...filters, '{"a":"other"}'])).toBeUndefined()
})
