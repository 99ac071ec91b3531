/** Elements that were read side by side are found in their order, and one that has changed is found as it was stored last. */
import { expect, test } from 'vitest'
import { Memo, WHOLE } from '../../src/codec/memo.ts'
import { Part } from '../../src/codec/part.ts'

const partOf = (value: unknown) => Part.of('v', JSON.stringify(value))

function remembered() {
  const elements = [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]
  const parts = elements.map(partOf)
  const memo = new Memo()
  memo.rememberNeighbours(elements[0]!, { elements, parts })
  return { memo, elements, parts }
}

test('neighbours are found in their order, also where some are missing', () => {
  const { memo, elements, parts } = remembered()
  expect(elements.map((element) => memo.find(element)?.part)).toStrictEqual(parts)
  expect([0, 2, 3].map((i) => memo.find(elements[i]!)?.part)).toStrictEqual([parts[0], parts[2], parts[3]])
})

test('a neighbour that was changed in place and stored again is not stored a third time', () => {
  const { memo, elements, parts } = remembered()
  elements[1]!.n = 10
  expect(elements.map((element) => memo.find(element)?.part)).toStrictEqual([parts[0], undefined, parts[2], parts[3]])
  const changed = partOf(elements[1])
  memo.remember(elements[1], changed, WHOLE)
  expect(elements.map((element) => memo.find(element)?.part)).toStrictEqual([parts[0], changed, parts[2], parts[3]])
})
