/** health() tells how things are, and never throws. */
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import pg from 'pg'
import { startPostgres } from '../../examples/support/embedded-postgres.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { query } from '../support/fault-sql.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

const config = { configurable: { thread_id: 't' } }
const metadata = { source: 'input', step: -1, parents: {} } as const

function open(url: string): PgCheckpointer {
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  onTestFinished(() => checkpointer.end())
  return checkpointer
}

test('a healthy database has no warnings', async () => {
  const { url } = await createDatabase()
  const checkpointer = open(url)
  await checkpointer.setup()
  expect(await checkpointer.health()).toEqual({
    healthy: true,
    postgres: {
      reachable: true,
      latencyMs: expect.toSatisfy((ms: number) => ms > 0 && ms < 5000),
      serverVersion: expect.stringMatching(/^\d+\.\d+/),
      schemaVersion: 1,
      requiredRelease: 1,
      neededSchemaVersion: 1,
      isStandby: false,
      isReadOnly: false,
      isolation: 'read committed',
      missingRights: [],
      synchronousCommit: 'on',
      fsync: 'on',
      fullPageWrites: 'on',
    },
    warnings: [],
  })
})

test('a database without tables is not healthy', async () => {
  const { url } = await createDatabase()
  expect(await open(url).health()).toMatchObject({
    healthy: false,
    postgres: { reachable: true, schemaVersion: 0 },
    warnings: [expect.stringContaining('Call setup()')],
  })
})

test('synchronous_commit off is a warning', async () => {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({
    connection: { connectionString: url, options: '-c synchronous_commit=off' },
    schema,
  })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  expect(await checkpointer.health()).toMatchObject({
    healthy: true,
    postgres: { synchronousCommit: 'off' },
    warnings: [expect.stringContaining('synchronous_commit is off')],
  })
})

test('fsync off and full_page_writes off are warnings', async () => {
  const server = await startPostgres({ settings: { fsync: 'off', full_page_writes: 'off' } })
  onTestFinished(() => server.stop())
  const checkpointer = open(server.url)
  await checkpointer.setup()
  const { warnings } = await checkpointer.health()
  expect(warnings).toEqual([
    expect.stringContaining('fsync is off'),
    expect.stringContaining('full_page_writes is off'),
  ])
})

test('a role that may not read the schema version gets a warning', async () => {
  const { url } = await createDatabase()
  await open(url).setup()
  const role = `reader_${Date.now()}`
  await query(url, `create role ${role} login password 'p'`)
  onTestFinished(async () => {
    await query(url, `drop role ${role}`)
  })
  const checkpointer = open(Object.assign(new URL(url), { username: role, password: 'p' }).href)
  const health = await checkpointer.health()
  expect(health.postgres.reachable).toBe(true)
  expect(health.postgres).not.toHaveProperty('schemaVersion')
  expect(health.warnings).toContainEqual(expect.stringContaining("can't be read with this role"))
  expect(health.healthy).toBe(false)
  expect(health.postgres.missingRights).toContain('select on migrations')
})

test('a role that may only read is not healthy, and is told what it lacks', async () => {
  const { url } = await createDatabase()
  await open(url).setup()
  const role = `selecter_${Date.now()}`
  const name = `"${schema.replaceAll('"', '""')}"`
  await query(url, `create role ${role} login password 'p'`)
  await query(url, `grant usage on schema ${name} to ${role}`)
  await query(url, `grant select on all tables in schema ${name} to ${role}`)
  await query(url, `revoke execute on function ${name}.deleted_generation_1 from public`)
  onTestFinished(async () => {
    await query(url, `drop owned by ${role}`)
    await query(url, `drop role ${role}`)
  })
  const { healthy, postgres } = await open(Object.assign(new URL(url), { username: role, password: 'p' }).href).health()
  expect(healthy).toBe(false)
  expect(postgres.missingRights).toContain('execute on function deleted_generation_1')
  expect(postgres.missingRights).toContain('insert on checkpoints')
  expect(postgres.missingRights).not.toContain('select on checkpoints')
})

test('a table that is missing, and a schema of a newer release, are told', async () => {
  const { url } = await createDatabase()
  const checkpointer = open(url)
  await checkpointer.setup()
  const name = `"${schema.replaceAll('"', '""')}"`
  await query(url, `insert into ${name}.migrations values (9, '0009_later', 9, now())`)
  expect(await checkpointer.health()).toMatchObject({
    healthy: false,
    warnings: [expect.stringContaining('Upgrade langgraph-pg-checkpointer')],
  })
  await query(url, `delete from ${name}.migrations where version = 9`)
  await query(url, `drop table ${name}.parts cascade`)
  expect(await checkpointer.health()).toMatchObject({
    healthy: false,
    warnings: [expect.stringContaining('table parts, which is missing')],
  })
})

test('a function that is missing is told', async () => {
  const { url } = await createDatabase()
  const checkpointer = open(url)
  await checkpointer.setup()
  await query(url, `drop function "${schema.replaceAll('"', '""')}".history_1`)
  expect(await checkpointer.health()).toMatchObject({
    healthy: false,
    warnings: [expect.stringContaining('function history_1, which is missing')],
  })
})

test.each([
  ['default_transaction_read_only=on', 'read-only'],
  ['default_transaction_isolation=serializable', 'serializable'],
])('sessions with %s are not healthy', async (setting, told) => {
  const { url } = await createDatabase()
  await open(url).setup()
  const connection = { connectionString: url, options: `-c ${setting}` }
  const checkpointer = new PgCheckpointer({ connection, schema, retryMs: 0 })
  onTestFinished(() => checkpointer.end())
  await expect(checkpointer.put(config, emptyCheckpoint(), metadata, {})).rejects.toBeInstanceOf(Error)
  expect(await checkpointer.health()).toMatchObject({ healthy: false, warnings: [expect.stringContaining(told)] })
})

test.each(['refused', 'silent'])("a server that can't be reached (%s) is reported in time", async (kind) => {
  const { url } = await createDatabase()
  const proxy = await startProxy(targetOf(url, 5432))
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema, connectTimeoutMs: 200 })
  onTestFinished(() => checkpointer.end())
  if (kind === 'silent') {
    proxy.blackHole()
    onTestFinished(() => proxy.stop())
  } else await proxy.stop()
  const health = await checkpointer.health()
  expect(health).toMatchObject({
    healthy: false,
    postgres: { reachable: false, error: expect.any(Error) },
    warnings: ['Postgres is out of reach.'],
  })
  expect(health.postgres.latencyMs).toBeLessThan(9000) // without connectTimeoutMs, a connection is waited for 10 s
})

test('health() works after end()', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  await pool.end()
  const checkpointer = new PgCheckpointer({ connection: pool, schema })
  expect(await checkpointer.health()).toMatchObject({ healthy: false, postgres: { reachable: false } })
})
