import * as everything from '../../src/index.ts'

test('the public names', () => {
  expect(Object.keys(everything).toSorted()).toMatchInlineSnapshot()
})
