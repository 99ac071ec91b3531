/** Calls that wait for a connection travel together: counts of statements, and each call's own answer. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await createDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

async function checkpointerOnTwoConnections(): Promise<PgCheckpointer> {
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema })
  await checkpointer.setup()
  return checkpointer
}

function threadsOf(checkpointer: PgCheckpointer, count: number): TestThread[] {
  return Array.from({ length: count }, () => new TestThread(checkpointer))
}

async function statementsFor(checkpointer: PgCheckpointer, work: () => Promise<unknown>): Promise<number> {
  const before = checkpointer.stats().statements
  await work()
  return checkpointer.stats().statements - before
}

test('64 puts on two connections take a tenth of the statements, and each reads back as it was put', async () => {
  const checkpointer = await checkpointerOnTwoConnections()
  const threads = threadsOf(checkpointer, 64)
  await Promise.all(threads.map((thread, i) => thread.put({ turn: `first ${i}` })))
  const statements = await statementsFor(checkpointer, () =>
    Promise.all(threads.map((thread, i) => thread.put({ turn: `second ${i}`, text: 'x'.repeat(2000 + i) }))),
  )
  expect(statements).toBeLessThanOrEqual(6)
  const reads = await statementsFor(checkpointer, async () => {
    const values = await Promise.all(threads.map((thread) => thread.values()))
    expect(values).toStrictEqual(threads.map((_, i) => ({ turn: `second ${i}`, text: 'x'.repeat(2000 + i) })))
  })
  expect(reads).toBeLessThanOrEqual(6)
})

test('writes of many tasks of one thread at once are all stored', async () => {
  const checkpointer = await checkpointerOnTwoConnections()
  const thread = new TestThread(checkpointer)
  const id = await thread.put({ x: 0 })
  await Promise.all(Array.from({ length: 100 }, (_, i) => thread.write(id, [['x', i]], `task ${i}`)))
  const written = (await thread.read(id))?.pendingWrites?.map(([, , value]) => value) ?? []
  expect(written.toSorted((a, b) => Number(a) - Number(b))).toStrictEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('a call that Postgres refuses fails alone', async () => {
  const checkpointer = await checkpointerOnTwoConnections()
  const threads = threadsOf(checkpointer, 40)
  const refused = threads[20]!
  await pool.query(`
    create function "${testSchema}".refuse() returns trigger language plpgsql as $$
    begin raise exception 'not this one'; end $$;
    create trigger refuse before insert on "${testSchema}".checkpoints for each row
    when (new.thread_id = '${refused.threadId}') execute function "${testSchema}".refuse()`)
  const outcomes = await Promise.allSettled(threads.map((thread) => thread.put({ x: 1 })))
  expect(outcomes.flatMap(({ status }, i) => (status === 'rejected' ? i : []))).toStrictEqual([20])
  expect(outcomes[20]).toMatchObject({ reason: { message: 'not this one' } })
  for (const thread of threads.toSpliced(20, 1)) expect(await thread.values()).toStrictEqual({ x: 1 })
})

test('two processes that put into the same 50 threads at once never deadlock', async () => {
  const [one, other] = [await checkpointerOnTwoConnections(), await checkpointerOnTwoConnections()]
  const ours = threadsOf(one, 50)
  const theirs = ours.map(({ threadId }) => new TestThread(other, '', threadId)).toReversed()
  for (let round = 0; round < 5; round++) {
    await Promise.all([...ours, ...theirs].map((thread, i) => thread.put({ round, i })))
  }
  expect(one.stats().retries + other.stats().retries).toBe(0)
  const { rows } = await pool.query(
    `select count(*)::integer as threads, bool_and(seq = 10) as all_counted from "${testSchema}".threads where thread_id = any ($1)`,
    [ours.map(({ threadId }) => threadId)],
  )
  expect(rows).toStrictEqual([{ threads: 50, all_counted: true }])
})

test('a schema name that looks like a parameter is not replaced', async () => {
  const [named, other] = ['s$1', 's$18'].map((schema) => new PgCheckpointer({ connection: pool, schema }))
  await Promise.all([named!.setup(), other!.setup()])
  const threads = threadsOf(named!, 20)
  await Promise.all(threads.map((thread, i) => thread.put({ i })))
  expect(await Promise.all(threads.map((thread) => thread.values()))).toStrictEqual(threads.map((_, i) => ({ i })))
  expect((await other!.list({}).next()).done).toBe(true)
})
