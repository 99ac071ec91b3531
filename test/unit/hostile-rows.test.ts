/**
 * Rows that are damaged, or written by somebody who can write rows and make names that fit: they give a value or a typed
 * error with the channel, in bounded time and memory.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { decodeRows, type HostileRows, HOSTILE, randomRows } from '../support/hostile-rows.ts'
import { CheckpointerError, UnreadableValueError } from '../../src/index.ts'

const outcomeOf = (rows: HostileRows) =>
  decodeRows(rows).then(
    () => 'read',
    (error: unknown) => error,
  )

describe('is refused with its place', () => {
  test.for(Object.entries(HOSTILE))('%s', async ([, { rows, path }]) => {
    const start = process.cpuUsage()
    expect(await outcomeOf(rows())).toMatchObject({ code: 'UNREADABLE_VALUE', path })
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e6).toBeLessThan(8)
  })
})

test('all of them together leave a process of 512 MB alive', async () => {
  const program = fileURLToPath(new URL('../support/hostile-rows-in-little-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=512',
    '--import',
    'tsx',
    program,
  ])
  expect(JSON.parse(stdout)).toStrictEqual(Object.keys(HOSTILE).map((name) => [name, 'UNREADABLE_VALUE']))
}, 300_000)

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['FUZZ_ROWS'] ?? 20_000)

test(`${runs} random rows give values or typed errors (seed ${seed})`, async () => {
  let read = 0
  let missing = 0
  for (let run = 0; run < runs; run++) {
    const outcome = await outcomeOf(randomRows(seed + run))
    if (outcome === 'read') read++
    else if (!CheckpointerError.is(outcome)) throw new Error(`seed ${seed + run}`, { cause: outcome })
    else if (outcome.code === 'PART_MISSING') missing++
    else if (!(outcome instanceof UnreadableValueError) || outcome.path === undefined)
      throw new Error(`no place: seed ${seed + run}`, { cause: outcome })
  }
  expect(read).toBeGreaterThan(runs / 50)
  expect(runs - read - missing).toBeGreaterThan(runs / 10)
})
