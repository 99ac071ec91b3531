/** A connection is closed by the side that opened it, and only by it. */
import assert from 'node:assert/strict'
import pg from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { collect, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let admin: pg.Client
beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

/** One checkpoint in, one out. */
async function works(checkpointer: PgCheckpointer): Promise<void> {
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  assert.deepEqual(await thread.values(), { x: 1 })
}

/** How many of our backends of that name the server has. */
async function backends(name: string): Promise<number> {
  const { rowCount } = await admin.query(
    'select from pg_stat_activity where application_name = $1 and datname = current_database()',
    [name],
  )
  return rowCount ?? 0
}

const named = (name: string) =>
  Object.assign(new URL(database.url), { search: `?sslmode=disable&application_name=${name}` }).href

test.each<[string, (name: string) => PgCheckpointer]>([
  ['a connection string', (name) => new PgCheckpointer({ connection: named(name), schema: testSchema })],
  ['fromConnString', (name) => PgCheckpointer.fromConnString(named(name), { schema: testSchema })],
  [
    'options of a pool',
    (name) => new PgCheckpointer({ connection: { connectionString: named(name), max: 2 }, schema: testSchema }),
  ],
])('a pool opened for %s is closed by end(), which may be called twice', async (what, make) => {
  const name = `own_${what.replaceAll(' ', '_')}`
  const checkpointer = make(name)
  expect(await backends(name)).toBe(0)
  await Promise.all([works(checkpointer), works(checkpointer), works(checkpointer)])
  expect(await backends(name)).toBeGreaterThan(0)
  await Promise.all([checkpointer.end(), checkpointer.end()])
  await checkpointer.end()
  await expect.poll(() => backends(name)).toBe(0) // the server may notice later
  await expect(works(checkpointer)).rejects.toMatchObject({ code: 'ENDED' })
})

test('options of a pool are used', async () => {
  const name = 'honoured'
  const checkpointer = new PgCheckpointer({
    connection: { connectionString: database.url, application_name: name, max: 1 },
    schema: testSchema,
  })
  await Promise.all(Array.from({ length: 10 }, () => works(checkpointer)))
  expect(await backends(name)).toBe(1)
  await checkpointer.end()
})

test('a connection without an application name gets the name of this package', async () => {
  const checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema })
  await works(checkpointer)
  expect(await backends('langgraph-pg-checkpointer')).toBeGreaterThan(0)
  await checkpointer.end()
})

test('a borrowed pool is not ended, gets all clients back, and has no listener of the checkpointer after end()', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 3 })
  const clients = new Set<pg.PoolClient>()
  pool.on('connect', (client) => clients.add(client))
  const count = () =>
    [pool, ...clients].map((each) =>
      (each as pg.Pool).eventNames().map((name) => [String(name), (each as pg.Pool).listenerCount(name)]),
    )
  await Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.05)')))
  const before = count()
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema })
  await Promise.all(Array.from({ length: 10 }, () => works(checkpointer)))
  await expect(checkpointer.getTuple({ configurable: { thread_id: '' } })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  const thread = new TestThread(checkpointer)
  for (let i = 0; i < 3; i++) await thread.put({ i })
  for await (const _ of checkpointer.list(thread.config())) break
  await checkpointer.end()
  await checkpointer.end()
  expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toStrictEqual([3, 3, 0])
  expect(count()).toStrictEqual(before)
  expect((await pool.query('select 1 as one')).rows).toStrictEqual([{ one: 1 }])
  await expect(works(checkpointer)).rejects.toMatchObject({ code: 'ENDED' })
  await works(new PgCheckpointer({ connection: pool, schema: testSchema }))
  await pool.end()
})

test('a pool of one connection is enough, even while a list is read', async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema })
  const thread = new TestThread(checkpointer)
  for (let i = 0; i < 30; i++) await thread.put({ i })
  const found: boolean[] = []
  for await (const { config } of checkpointer.list(thread.config()))
    found.push((await checkpointer.getTuple(config)) !== undefined)
  expect(found).toStrictEqual(Array.from({ length: 30 }, () => true))
  await pool.end()
})

test('`await using` closes what was opened', async () => {
  const name = 'using'
  {
    await using checkpointer = new PgCheckpointer({ connection: named(name), schema: testSchema })
    await works(checkpointer)
    expect(await backends(name)).toBe(1)
  }
  await expect.poll(() => backends(name)).toBe(0) // the server may notice later
})

test.each([undefined, null, 7, '', () => {}, true])('the connection option refuses %s', (connection) => {
  const options = { connection } as unknown as PgCheckpointerOptions
  expect(() => new PgCheckpointer(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS', option: 'connection' }),
  )
})

test.each([
  ['cacheBytes', -1],
  ['cacheBytes', 1.5],
  ['cacheBytes', '64'],
  ['migrations', 'yes'],
  ['migrations', true],
])('the option %s refuses %j', (option, value) => {
  const options = { connection: database.url, [option]: value } as unknown as PgCheckpointerOptions
  expect(() => new PgCheckpointer(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', option }))
})

test('tenants in one schema are separate', async () => {
  const tenants = ['', 'a', 'b', 'a\\', "a' or true --"]
  const pool = new pg.Pool({ connectionString: database.url })
  const threads = tenants.map(
    (tenant) => new TestThread(new PgCheckpointer({ connection: pool, schema: testSchema, tenant }), '', 'shared'),
  )
  for (const [i, thread] of threads.entries()) {
    await thread.put({ i, text: 'the same for all '.repeat(300) }, { id: 'shared' })
    await thread.write('shared', [['x', i]])
  }
  for (const [i, thread] of threads.entries()) {
    expect((await thread.values())['i']).toBe(i)
    expect((await thread.mustRead('shared')).pendingWrites).toStrictEqual([['task', 'x', i]])
    const all = await collect(thread.checkpointer.list({}))
    expect(all.filter(({ config }) => config.configurable?.['thread_id'] === 'shared')).toHaveLength(1)
  }
  await threads[1]!.checkpointer.deleteThread('shared')
  expect(await threads[1]!.read()).toBeUndefined()
  for (const thread of threads.filter((_, i) => i !== 1)) expect(await thread.list()).toHaveLength(1)
  const fresh = new TestThread(new PgCheckpointer({ connection: pool, schema: testSchema, tenant: 'b' }), '', 'shared')
  expect((await fresh.values())['i']).toBe(2)
  await pool.end()
})

test.each([7, null, 'x'.repeat(65), 'a\0', '\ud800'])('a tenant of %j is refused', (tenant) => {
  const options = { connection: database.url, tenant: tenant as string }
  expect(() => new PgCheckpointer(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS', option: 'tenant' }),
  )
})

test('an idle connection that is terminated does not end the process, and the next call works', async () => {
  const checkpointer = new PgCheckpointer({ connection: named('idle'), schema: testSchema })
  await works(checkpointer)
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'idle'`)
  await expect.poll(() => backends('idle')).toBe(0)
  await works(checkpointer)
  await checkpointer.end()
})

test('a connection that is terminated in flight rejects the call if retries are off, and does not end the process', async () => {
  const checkpointer = new PgCheckpointer({ connection: named('flight'), schema: testSchema, retryMs: 0 })
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  await admin.query(`begin; select from "${testSchema}".threads for update`)
  const refusal = thread.put({ x: 2 }).catch((error: unknown) => error)
  for (let pids = 0; pids === 0;) {
    const { rowCount } = await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'flight' and wait_event_type = 'Lock'`,
    )
    pids = rowCount ?? 0
  }
  expect(await refusal).toMatchObject({ code: 'UNAVAILABLE' })
  await admin.query('rollback')
  expect((await thread.values())['x']).toBe(1)
  await checkpointer.end()
})
