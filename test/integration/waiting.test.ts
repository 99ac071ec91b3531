/** What counts as waiting, and what does not: standing still, queues, locks of others. */
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

const SHORT = { connectTimeoutMs: 300, statementTimeoutMs: 300, retryMs: 300 }

/** Nothing runs meanwhile: no timer, no input. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('a process that stands still longer than all limits loses no put', async () => {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: url, schema, ...SHORT })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  const threads = Array.from({ length: 5 }, () => new TestThread(checkpointer))
  for (let round = 0; round < 3; round++) {
    const puts = threads.flatMap((thread) => [thread.put({ round }), thread.put({ round: round + 0.5 })])
    standStill(1500)
    await Promise.all(puts)
  }
  for (const thread of threads) expect(await thread.ids()).toHaveLength(6)
})

test('a process that stands still while it waits for its next attempt makes that attempt', async () => {
  const { url } = await createDatabase()
  const proxy = await startProxy(targetOf(url, 5432))
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema, ...SHORT, retryMs: 1000 })
  onTestFinished(async () => {
    await checkpointer.end()
    await proxy.stop()
  })
  await checkpointer.setup()
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  proxy.cut()
  const put = thread.put({ x: 2 })
  standStill(2000)
  await put
  expect(await thread.values()).toStrictEqual({ x: 2 })
})

test('waiting for earlier calls of the thread counts: with Postgres away, all reject when their own time is up', async () => {
  const { url } = await createDatabase()
  const proxy = await startProxy(targetOf(url, 5432))
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema, ...SHORT })
  onTestFinished(async () => {
    await checkpointer.end()
    await proxy.stop()
  })
  await checkpointer.setup()
  const root = new TestThread(checkpointer)
  proxy.blackHole()
  const puts = Array.from({ length: 20 }, (_, i) => new TestThread(checkpointer, `ns${i}`, root.threadId).put({ i }))
  const errors = (await Promise.allSettled([...puts, checkpointer.deleteThread(root.threadId)])).map(
    (result) => (result as PromiseRejectedResult).reason as { code: string; attempts: number; outcome: string },
  )
  expect(errors.map(({ code }) => code)).toStrictEqual(Array(21).fill('UNAVAILABLE'))
  // The first was tried; most of the others never had their turn, and have not waited for twenty times the limits.
  expect(errors[0]!.attempts).toBeGreaterThan(0)
  expect(errors.filter(({ attempts }) => attempts === 0).length).toBeGreaterThan(15)
  expect(errors.at(-1)).toMatchObject({ attempts: 0, outcome: 'not_applied' })
})

test('a call that was given up in the queue does not run later', async () => {
  const { url } = await createDatabase()
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const serde: SerializerProtocol = {
    dumpsTyped: async (value) => {
      const text = JSON.stringify(value)
      if (text.includes('first')) await finished // so that the thread's turn is taken for as long as the test likes
      return ['json', Buffer.from(text)]
    },
    loadsTyped: async (_type, bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
  }
  const limits = { connectTimeoutMs: 2000, statementTimeoutMs: 2000, retryMs: 2000 }
  const checkpointer = new PgCheckpointer({ connection: url, schema, serde, ...limits })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  const thread = new TestThread(checkpointer)
  const root = await thread.put({ n: 0 })
  const first = thread.put({ id: 'first' }, { id: 'first', parent: root })
  const puts = ['second', 'third'].map((id) => thread.put({ id }, { id, parent: root }))
  const errors = (await Promise.allSettled(puts)).map((result) => (result as PromiseRejectedResult).reason as unknown)
  expect(errors).toMatchObject([
    { code: 'UNAVAILABLE', attempts: 0, outcome: 'not_applied' },
    { code: 'UNAVAILABLE', attempts: 0, outcome: 'not_applied' },
  ])
  finish()
  await first
  await thread.put({ id: 'last' }, { id: 'last', parent: 'first' })
  expect((await thread.list()).map(({ checkpoint }) => checkpoint.id)).toStrictEqual(['last', 'first', root])
})

test('a thread that somebody has locked does not hold up the others that travel with it', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  const checkpointer = new PgCheckpointer({ connection: pool, schema })
  const admin = new pg.Client(url)
  await admin.connect()
  onTestFinished(async () => {
    await admin.end()
    await checkpointer.end()
    await pool.end()
  })
  const locked = new TestThread(checkpointer)
  const others = Array.from({ length: 40 }, () => new TestThread(checkpointer))
  await Promise.all([locked, ...others].map((thread) => thread.put({ x: 1 })))
  await admin.query('begin')
  await admin.query(`select from "${schema}".threads where thread_id = $1 for update`, [locked.threadId])
  const puts = others.slice(0, 20).map((thread) => thread.put({ x: 2 }))
  let isLockedDone = false
  const late = locked.put({ x: 2 }).then(() => (isLockedDone = true))
  puts.push(...others.slice(20).map((thread) => thread.put({ x: 2 })))
  await Promise.all(puts) // ends only if none of them waits for the lock
  expect(isLockedDone).toBe(false)
  await admin.query('commit')
  await late
})

test("the queue of a pool that was passed in grows with an outage's calls, and not with their attempts", async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const holder = await pool.connect()
  const checkpointer = new PgCheckpointer({
    connection: pool,
    schema,
    connectTimeoutMs: 20,
    statementTimeoutMs: 20,
    retryMs: 1500,
    migrations: 'off',
  })
  const calls = Array.from({ length: 3 }, (_, i) => new TestThread(checkpointer, '', `t${i}`).read())
  const errors = (await Promise.allSettled(calls)).map(
    (result) => (result as PromiseRejectedResult).reason as { attempts: number },
  )
  expect(errors.reduce((sum, { attempts }) => sum + attempts, 0)).toBeGreaterThan(5)
  expect(pool.waitingCount).toBeLessThanOrEqual(3)
  holder.release()
  await checkpointer.end()
  await pool.end()
})

test('an idle connection that drops does not end the process of a pool that was passed in without a listener', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  const checkpointer = new PgCheckpointer({ connection: pool, schema })
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  const dropped = new Promise((resolve) => pool.once('remove', resolve))
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
  )
  await admin.end()
  await dropped
  expect(await thread.values()).toStrictEqual({ x: 1 })
  expect(pool.listenerCount('error')).toBe(1)
  await checkpointer.end()
  expect(pool.listenerCount('error')).toBe(0)
  await pool.end()
})

test('many checkpointers on one pool share one listener, which stays until the last has ended', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  const all = Array.from({ length: 20 }, () => new PgCheckpointer({ connection: pool, schema }))
  expect(pool.listenerCount('error')).toBe(1)
  for (const checkpointer of all.slice(1)) {
    await checkpointer.end()
    await checkpointer.end()
  }
  expect(pool.listenerCount('error')).toBe(1)
  await all[0]!.end()
  expect(pool.listenerCount('error')).toBe(0)
  await pool.end()
})

test('a use after end() is told by its code', async () => {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  await checkpointer.end()
  for (const use of [() => thread.read(), () => thread.put({ x: 2 }), () => checkpointer.setup()])
    await expect(use()).rejects.toMatchObject({ code: 'ENDED' })
})

test('a connection string with several hosts is refused in words', () => {
  for (const connection of ['postgres://a:1,b:2/db', 'postgresql://user:p%2Cw@a,b/db?target_session_attrs=read-write'])
    expect(() => new PgCheckpointer({ connection })).toThrow(
      expect.objectContaining({ option: 'connection', message: expect.stringContaining('several hosts') }),
    )
  const single = new PgCheckpointer({ connection: 'postgres://user:p%2Cw@localhost:1/db' })
  return single.end()
})

test('an error of an unreachable server names host and port, and neither user nor password', async () => {
  const checkpointer = new PgCheckpointer({ connection: 'postgres://someone:secret@127.0.0.1:1/db', ...SHORT })
  onTestFinished(() => checkpointer.end())
  const error = (await new TestThread(checkpointer).read().catch((thrown: unknown) => thrown)) as Error
  expect(error).toMatchObject({ code: 'UNAVAILABLE', server: '127.0.0.1:1' })
  expect(error.message).toContain('127.0.0.1:1')
  expect(JSON.stringify(error) + error.message).not.toMatch(/someone|secret/)
})
