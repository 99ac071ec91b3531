import fc from 'fast-check'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema } from '../support/database.ts'
import { Sequence, STEPS } from '../support/random-sequences.ts'
import { ReloadedCheckpointer } from '../support/stores.ts'

/** fast-check prints seed and path of a failure, and the shortest sequence that fails. */
async function check(numRuns: number, processes: () => readonly BaseCheckpointSaver[]): Promise<void> {
  await fc.assert(
    fc.asyncProperty(STEPS, (steps) => new Sequence(processes()).run(steps)),
    { numRuns, interruptAfterTimeLimit: 50_000, markInterruptAsFailure: false },
  )
}

test('in memory, any sequence of calls has the results of the reference model', async () => {
  const checkpointer = new InMemoryCheckpointer()
  await check(600, () => [checkpointer])
})

test('through snapshot and restore before each read, too', async () => {
  await check(150, () => [new ReloadedCheckpointer()])
})

test('on Postgres, by two processes with little and with no cache, too', async () => {
  const { url } = await createDatabase()
  const options = { connection: url, schema: testSchema }
  const processes = [new PgCheckpointer({ ...options, cacheBytes: 200_000 }), new PgCheckpointer({ ...options, cacheBytes: 0 })]
  try {
    await check(300, () => processes)
  } finally {
    for (const process of processes) await process.end()
  }
})
