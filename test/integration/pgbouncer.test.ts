/** Behind PgBouncer in transaction mode with two connections to the server, as it is: no option, no session. */
import { deltaChannelHistoryTests, specTest } from '@langchain/langgraph-checkpoint-validation'
import pg from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { runCheckpointerContract } from '../contract/checkpointer-contract.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { query, terminate } from '../support/fault-sql.ts'
import { startPgBouncer, type PgBouncer } from '../support/pgbouncer.ts'

const SERVER_CONNECTIONS = 2

let pooler: PgBouncer
let database: TestDatabase
let url: string
beforeAll(async () => {
  database = await createDatabase()
  pooler = await startPgBouncer(database.url, SERVER_CONNECTIONS)
  url = pooler.through(database.url)
})
afterAll(async () => {
  await pooler.stop()
  await database.drop()
})

function open(options: Partial<PgCheckpointerOptions> = {}): PgCheckpointer {
  return new PgCheckpointer({ connection: url, schema, ...options })
}

describe('LangGraph’s validation suite', () => {
  let tenants = 0
  const configuration = {
    checkpointerName: 'PgCheckpointer behind PgBouncer',
    createCheckpointer: () => open({ tenant: `${tenants++}` }),
    destroyCheckpointer: (checkpointer: unknown) => (checkpointer as PgCheckpointer).end(),
  }
  specTest(configuration)
  deltaChannelHistoryTests(configuration)
})

runCheckpointerContract('the contract', async () => {
  const checkpointer = open({ tenant: 'contract' })
  return { checkpointer, close: () => checkpointer.end() }
})

test('ten setups at once succeed', async () => {
  const fresh = `${schema}_fresh`
  const checkpointers = Array.from({ length: 10 }, () => open({ schema: fresh }))
  await Promise.all(checkpointers.map((checkpointer) => checkpointer.setup()))
  const thread = new TestThread(checkpointers[0] as PgCheckpointer)
  await thread.put({ a: 1 })
  expect(await thread.values()).toEqual({ a: 1 })
  await Promise.all(checkpointers.map((checkpointer) => checkpointer.end()))
})

test('many more callers than connections are all answered', async () => {
  const checkpointers = Array.from({ length: 4 }, () => open())
  const threads = Array.from({ length: 40 }, (_, i) => new TestThread(checkpointers[i % 4] as PgCheckpointer))
  for (let n = 1; n <= 5; n++) await Promise.all(threads.map((thread) => thread.put({ n })))
  for (const thread of threads) expect(await thread.values()).toEqual({ n: 5 })
  const connections = await query(
    database.url,
    `select from pg_stat_activity where datname = current_database() and application_name <> 'fault'`,
  )
  expect(connections.length).toBeLessThanOrEqual(SERVER_CONNECTIONS)
  await Promise.all(checkpointers.map((checkpointer) => checkpointer.end()))
})

test('no session state is left on the server', async () => {
  const checkpointer = open()
  const thread = new TestThread(checkpointer)
  await thread.put({ a: 1 })
  await thread.read()
  await checkpointer.deleteThread(thread.threadId)
  for (let i = 0; i < 2 * SERVER_CONNECTIONS; i++) {
    const rows = await query(
      url,
      `select (select count(*) from pg_prepared_statements)::int as statements, (select count(*) from pg_listening_channels())::int as channels,
      (select count(*) from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
       where l.locktype = 'advisory')::int as locks, (select count(*) from pg_cursors)::int as cursors`,
    )
    expect(rows).toEqual([{ statements: 0, channels: 0, locks: 0, cursors: 0 }])
  }
  await checkpointer.end()
})

test('a server connection that ends behind the pooler causes no error', async () => {
  const checkpointer = open()
  const threads = Array.from({ length: 6 }, () => new TestThread(checkpointer))
  let terminated = 0
  for (let n = 1; n <= 15; n++) {
    const puts = threads.map((thread) => thread.put({ n }))
    terminated += await terminate(database.url, 'langgraph-pg-checkpointer')
    await Promise.all(puts)
  }
  expect(terminated).toBeGreaterThan(0)
  for (const thread of threads) expect(await thread.ids()).toHaveLength(15)
  await checkpointer.end()
})

test('a pooler that crashes and comes back causes no error', async () => {
  const checkpointer = open()
  const threads = Array.from({ length: 6 }, () => new TestThread(checkpointer))
  for (let n = 1; n <= 5; n++) {
    const puts = threads.map((thread) => thread.put({ n }))
    await pooler.crash()
    await Promise.all(puts)
  }
  for (const thread of threads) expect(await thread.ids()).toHaveLength(5)
  await checkpointer.end()
})

test('health() works through the pooler', async () => {
  const checkpointer = open()
  expect(await checkpointer.health()).toMatchObject({ healthy: true, warnings: [] })
  await checkpointer.end()
})

test('prepared statements work on a direct connection', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const thread = new TestThread(new PgCheckpointer({ connection: pool, schema, preparedStatements: true }))
  for (let n = 0; n < 3; n++) await thread.put({ n })
  expect(await thread.values()).toEqual({ n: 2 })
  expect(await thread.list()).toHaveLength(3)
  // Another one on the same connections, in another schema: its statements have other names.
  await new TestThread(new PgCheckpointer({ connection: pool, schema: `${schema}_2`, preparedStatements: true })).put({
    n: 0,
  })
  const { rows } = await pool.query<{ name: string }>('select name from pg_prepared_statements')
  expect(rows.length).toBeGreaterThanOrEqual(4)
  for (const { name } of rows) expect(name).toMatch(/^langgraph_[0-9a-f]{32}$/)
  await pool.end()
})
