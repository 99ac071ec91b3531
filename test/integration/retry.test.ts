/** Which answers of Postgres are tried again, and which are not. */
import { randomUUID } from 'node:crypto'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { failInserts } from '../support/fault-sql.ts'

let database: TestDatabase
let checkpointer: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  checkpointer = new PgCheckpointer({ connection: database.url, schema, retryMs: 5000 })
  await checkpointer.setup()
})
afterAll(async () => {
  await checkpointer.end()
  await database.drop()
})

const TRANSIENT = [
  '08000',
  '08003',
  '08006',
  '08P01',
  '25006',
  '40001',
  '40003',
  '40P01',
  '53300',
  '55P03',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
]
const LASTING = ['22012', '23514', '28000', '42501', '53100', '53200', '57014', 'P0001', 'XX000']

describe.each(['put', 'putWrites'])('%s', (operation) => {
  const store = (thread: TestThread) =>
    operation === 'put' ? thread.put({ a: 1 }) : thread.write(randomUUID(), [['a', 1]])
  const table = operation === 'put' ? 'checkpoints' : 'writes'

  test.each(TRANSIENT)('%s is tried again until it passes', async (state) => {
    const faults = await failInserts(database.url, schema, table, state, 3)
    const before = checkpointer.stats().retries
    await store(new TestThread(checkpointer))
    expect(checkpointer.stats().retries - before).toBe(3)
    expect(await faults.stop()).toBe(4)
  })

  test.each(LASTING)('%s rejects at once with the error of Postgres', async (state) => {
    const faults = await failInserts(database.url, schema, table, state, 3)
    await expect(store(new TestThread(checkpointer))).rejects.toMatchObject({ name: 'error', code: state })
    expect(await faults.stop()).toBe(1)
  })
})

test('a statement that was refused at every attempt reports that it had no effect', async () => {
  const impatient = new PgCheckpointer({ connection: database.url, schema, retryMs: 2000 })
  onTestFinished(() => impatient.end())
  const faults = await failInserts(database.url, schema, 'checkpoints', '40001', 1000)
  const thread = new TestThread(impatient)
  await expect(thread.put({ a: 1 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    outcome: 'not_applied',
    sqlState: '40001',
  })
  expect(await faults.stop()).toBeGreaterThan(1)
  expect(await thread.read()).toBeUndefined()
})

test('40003 leaves the outcome in doubt', async () => {
  const impatient = new PgCheckpointer({ connection: database.url, schema, retryMs: 2000 })
  onTestFinished(() => impatient.end())
  const faults = await failInserts(database.url, schema, 'checkpoints', '40003', 1000)
  await expect(new TestThread(impatient).put({ a: 1 })).rejects.toMatchObject({ outcome: 'unknown', sqlState: '40003' })
  await faults.stop()
})

test('retryMs 0 makes one attempt', async () => {
  const once = new PgCheckpointer({ connection: database.url, schema, retryMs: 0 })
  onTestFinished(() => once.end())
  const faults = await failInserts(database.url, schema, 'checkpoints', '40001', 1000)
  await expect(new TestThread(once).put({ a: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE', attempts: 1 })
  expect(await faults.stop()).toBe(1)
})

test('two puts that would deadlock are both stored', async () => {
  // Each put touches its own thread, then the other's: in opposite order, whatever the timing.
  const faults = await failInserts(database.url, schema, 'checkpoints', 'deadlock', 2)
  // From two checkpointers, as one sends puts that are made at once in one statement.
  const other = new PgCheckpointer({ connection: database.url, schema })
  onTestFinished(() => other.end())
  const [a, b] = [new TestThread(checkpointer, '', 'deadlock-a'), new TestThread(other, '', 'deadlock-b')]
  await Promise.all([a.put({ n: 0 }), b.put({ n: 0 })])
  const retries = () => checkpointer.stats().retries + other.stats().retries
  const before = retries()
  await Promise.all([a.put({ n: 1 }), b.put({ n: 1 })])
  expect(retries() - before).toBeGreaterThanOrEqual(1)
  await faults.stop()
  expect([await a.values(), await b.values()]).toEqual([{ n: 1 }, { n: 1 }])
})

test.each([
  ['retryMs', -1],
  ['retryMs', 2 ** 31],
  ['connectTimeoutMs', 0],
  ['statementTimeoutMs', 1.5],
])('the option %s refuses %d', (option, value) => {
  expect(() => new PgCheckpointer({ connection: database.url, [option]: value })).toThrow(`Option ${option} must be`)
})
