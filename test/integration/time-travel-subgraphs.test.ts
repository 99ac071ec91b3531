/**
 * Replays and forks of graphs with subgraphs: a subgraph starts from its state as of the checkpoint that the run starts
 * from. LangGraph finds it by `list` with `before`, a checkpoint id of the parent, which may be committed after the
 * subgraph's first checkpoints of the same step: here it always is. MemorySaver says what is right.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunnableConfig } from '@langchain/core/runnables'
import { MemorySaver, type BaseCheckpointSaver } from '@langchain/langgraph'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { timesOf } from '../support/figures.ts'
import { randomFrom } from '../support/random-from.ts'
import { anyJourney, travel, type Durability } from '../support/time-travel.ts'

/** JOURNEYS and JOURNEY_SEED say how many, and which. */
const JOURNEYS = timesOf('JOURNEYS', 3)
const SEED = Number(process.env['JOURNEY_SEED'] ?? 7)
const ROOT_MS = 10

/** A parent's checkpoints take longer than those of its subgraphs. What is put is live state, so it is copied at once. */
async function slowly<Put extends readonly unknown[]>(
  put: (...args: Put) => Promise<RunnableConfig>,
  ...args: Put
): Promise<RunnableConfig> {
  const [config, ...rest] = args
  const copies = structuredClone(rest)
  if (!(config as RunnableConfig).configurable?.['checkpoint_ns']) await sleep(ROOT_MS)
  return put(...([config, ...copies] as unknown as Put))
}

class SlowInMemory extends InMemoryCheckpointer {
  override put(...args: Parameters<InMemoryCheckpointer['put']>): Promise<RunnableConfig> {
    return slowly((...all: typeof args) => super.put(...all), ...args)
  }
}

class SlowOnPostgres extends PgCheckpointer {
  override put(...args: Parameters<PgCheckpointer['put']>): Promise<RunnableConfig> {
    return slowly((...all: typeof args) => super.put(...all), ...args)
  }
}

let database: TestDatabase
let onPostgres: SlowOnPostgres
beforeAll(async () => {
  database = await createDatabase()
  onPostgres = new SlowOnPostgres({ connection: database.url, schema })
})
afterAll(async () => {
  await onPostgres.end()
  await database.drop()
})

describe.each<[string, () => BaseCheckpointSaver]>([
  ['InMemoryCheckpointer', () => new SlowInMemory()],
  ['PgCheckpointer', () => onPostgres],
])('%s', (_, open) => {
  test.each<Durability>(['async', 'sync', 'exit'])(
    'journeys into the past of graphs with subgraphs are those of MemorySaver, with durability %s',
    async (durability) => {
      const random = randomFrom(SEED)
      const journeys = Array.from({ length: JOURNEYS }, () => anyJourney(random))
      await Promise.all(
        journeys.map(async (journey) => {
          const expected = { journey, told: await travel(journey, new MemorySaver(), durability) }
          expect({ journey, told: await travel(journey, open(), durability) }).toStrictEqual(expected)
        }),
      )
    },
  )
})
