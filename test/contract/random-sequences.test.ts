import fc from 'fast-check'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema } from '../support/database.ts'
import { Sequence, STEPS } from '../support/random-sequences.ts'
import { ReloadedCheckpointer } from '../support/stores.ts'

/**
 * Runs that many sequences and says how many there were. fast-check tells seed and path of a failure, and the shortest
 * sequence that fails.
 */
async function check(numRuns: number, processes: () => readonly BaseCheckpointSaver[]): Promise<number> {
  let runs = 0
  const property = fc.asyncProperty(STEPS, async (steps) => {
    await new Sequence(processes()).run(steps)
    runs++
  })
  await fc.assert(property, { numRuns })
  return runs
}

test('any sequence of calls in memory has the results of the reference model', async () => {
  const checkpointer = new InMemoryCheckpointer()
  expect(await check(600, () => [checkpointer])).toBe(600)
})

test('any sequence of calls has these results with a snapshot and a restore before each read', async () => {
  expect(await check(150, () => [new ReloadedCheckpointer()])).toBe(150)
})

test('any sequence of calls has these results on Postgres, from two processes with a small cache and without one', async () => {
  const { url } = await createDatabase()
  // What is tested here is not durability, and each commit would wait for the disk.
  const connection = { connectionString: url, options: '-c synchronous_commit=off' }
  const options = { connection, schema: testSchema }
  const processes = [
    new PgCheckpointer({ ...options, cacheBytes: 200_000 }),
    new PgCheckpointer({ ...options, cacheBytes: 0 }),
  ]
  try {
    expect(await check(300, () => processes)).toBe(300)
  } finally {
    for (const process of processes) await process.end()
  }
}, 180_000)
