/** What is remembered of a list's members is found in their order, and one that has changed is found as it was stored last. */
import { expect, test } from 'vitest'
import { Memo } from '../../src/codec/memo.ts'
import { MemoCursor } from '../../src/codec/memo-cursor.ts'
import { Neighbours } from '../../src/codec/neighbours.ts'
import { Part } from '../../src/codec/part.ts'

const partOf = (value: unknown) => Part.of('v', JSON.stringify(value))

function remembered() {
  const elements = [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]
  const parts = elements.map(partOf)
  const memo = new Memo()
  const neighbours = new Neighbours()
  elements.forEach((element, i) => neighbours.add(element, parts[i]!))
  memo.rememberNeighbours(elements[0]!, neighbours)
  const find = (wanted: readonly object[]) => {
    const cursor = new MemoCursor(memo, elements)
    return wanted.map((element) => cursor.find(element))
  }
  return { memo, elements, parts, find }
}

test('neighbours are found in their order, even if some are missing', () => {
  const { elements, parts, find } = remembered()
  expect(find(elements)).toStrictEqual(parts)
  expect(find([0, 2, 3].map((i) => elements[i]!))).toStrictEqual([parts[0], parts[2], parts[3]])
})

test('a neighbour that was changed in place and stored again is not stored a third time', () => {
  const { memo, elements, parts, find } = remembered()
  elements[1]!.n = 10
  expect(find(elements)).toStrictEqual([parts[0], undefined, parts[2], parts[3]])
  const changed = partOf(elements[1])
  memo.remember(elements[1], changed)
  expect(find(elements)).toStrictEqual([parts[0], changed, parts[2], parts[3]])
})
