/** LangGraph's own validation suite, on every class and configuration. */
import { PGlite } from '@electric-sql/pglite'
import { MemorySaver, type BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { deltaChannelHistoryTests, specTest } from '@langchain/langgraph-checkpoint-validation'
import { InMemoryCheckpointer, PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { createDatabase, redisUrl, testSchema, type TestDatabase } from '../support/database.ts'
import { newPrefix } from '../support/tiers.ts'

interface Configuration {
  readonly checkpointerName: string
  beforeAll?(): Promise<void>
  afterAll?(): Promise<void>
  createCheckpointer(): BaseCheckpointSaver
  destroyCheckpointer?(checkpointer: BaseCheckpointSaver): Promise<void>
}

function onPostgres(
  checkpointerName: string,
  options: Partial<PgCheckpointerOptions> | (() => Partial<PgCheckpointerOptions>),
): Configuration {
  let database: TestDatabase
  let tenants = 0
  return {
    checkpointerName,
    beforeAll: async () => {
      database = await createDatabase()
    },
    afterAll: () => database.drop(),
    // A tenant of its own for each, as some tests list all threads.
    createCheckpointer: () =>
      new PgCheckpointer({
        connection: database.url,
        schema: testSchema,
        tenant: `${tenants++}`,
        ...(typeof options === 'function' ? options() : options),
      }),
    destroyCheckpointer: (checkpointer) => (checkpointer as PgCheckpointer).end(),
  }
}

function onPGlite(): Configuration {
  let db: PGlite
  let tenants = 0
  return {
    checkpointerName: 'PgCheckpointer on PGlite',
    beforeAll: async () => {
      db = await PGlite.create()
    },
    afterAll: () => db.close(),
    createCheckpointer: () => new PgCheckpointer({ connection: db, tenant: `${tenants++}` }),
  }
}

// JsonPlusSerializer itself is not exported.
const official = new MemorySaver().serde

const configurations: Configuration[] = [
  { checkpointerName: 'InMemoryCheckpointer', createCheckpointer: () => new InMemoryCheckpointer() },
  {
    checkpointerName: 'InMemoryCheckpointer with the official serializer',
    createCheckpointer: () => new InMemoryCheckpointer({ serde: official }),
  },
  onPostgres('PgCheckpointer', {}),
  onPostgres('PgCheckpointer without a cache', { cacheBytes: 0 }),
  onPostgres('PgCheckpointer with the official serializer', { serde: official }),
  // A prefix of its own for each, and no memory in front, so that all parts come from Redis.
  onPostgres('PgCheckpointer with Redis', () => ({ redis: redisUrl(), redisPrefix: newPrefix(), cacheBytes: 0 })),
  onPGlite(),
]

describe.each(configurations)('$checkpointerName', (configuration) => {
  specTest({ beforeAllTimeout: 120_000, ...configuration })
  deltaChannelHistoryTests(configuration)
})
