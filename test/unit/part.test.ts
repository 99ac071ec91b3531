import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Part } from '../../src/codec/part.ts'

test('a part says about what it takes in memory, as text and as a tree, whatever its shape', async () => {
  const program = fileURLToPath(new URL('../support/heap-of-parts.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', program])
  const ratios = JSON.parse(stdout) as Record<string, { text: number; tree: number }>
  expect(Object.keys(ratios).length).toBeGreaterThan(10)
  for (const [name, { text, tree }] of Object.entries(ratios)) {
    // As a text it takes less than as a tree, of which it says the size.
    expect(text, `${name}, text`).toBeGreaterThan(0.7)
    expect(tree, `${name}, tree`).toBeGreaterThan(0.7)
    expect(tree, `${name}, tree`).toBeLessThan(3)
  }
}, 180_000)

test('bytes take what they are', () => {
  const part = Part.of('b', new Uint8Array(65_536))
  expect(part.heapBytes).toBeGreaterThan(65_536)
  expect(part.heapBytes).toBeLessThan(67_000)
  expect(part.items).toBe(0)
})

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
