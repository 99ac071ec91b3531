/** health() tells how things are, and never throws. */
import pg from 'pg'
import { startPostgres } from '../../examples/support/embedded-postgres.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { query } from '../support/fault-sql.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

function open(url: string): PgCheckpointer {
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  onTestFinished(() => checkpointer.end())
  return checkpointer
}

test('a database in good health', async () => {
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
      neededSchemaVersion: 1,
      isStandby: false,
      synchronousCommit: 'on',
      fsync: 'on',
      fullPageWrites: 'on',
    },
    warnings: [],
  })
})

test('a database without our tables', async () => {
  const { url } = await createDatabase()
  expect(await open(url).health()).toMatchObject({
    healthy: false,
    postgres: { reachable: true, schemaVersion: 0 },
    warnings: [expect.stringContaining('Call setup()')],
  })
})

test('settings that lose data are told', async () => {
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

test('so are fsync and full_page_writes', async () => {
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

test('a role that may not look at the ledger', async () => {
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
  expect(health.warnings).toEqual([expect.stringContaining("can't be read with this role")])
})

test.each(['refused', 'silent'])('a server that is out of reach (%s) is told in time', async (kind) => {
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

test('after end() it still tells', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  await pool.end()
  const checkpointer = new PgCheckpointer({ connection: pool, schema })
  expect(await checkpointer.health()).toMatchObject({ healthy: false, postgres: { reachable: false } })
})
