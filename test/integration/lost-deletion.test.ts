/** deleteThread asks which deletion was the last, then deletes; the server may lose commits in between. */
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let admin: pg.Client
let checkpointer: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
  checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema })
  await checkpointer.setup()
})
afterAll(async () => {
  await checkpointer.end()
  await admin.end()
  await database.drop()
})

async function lastDeletion(thread: TestThread): Promise<number> {
  const { rows } = await admin.query<{ generation: string }>(
    `select "${testSchema}".deleted_generation_1('', $1) as generation`,
    [thread.threadId],
  )
  return Number(rows[0]?.generation)
}

/** As a caller does that was told of this last deletion. @returns whether anything was done */
async function deleteAfter(thread: TestThread, deletion: number): Promise<boolean> {
  const { rows } = await admin.query<{ answer: string }>(
    `select "${testSchema}".delete_thread_1('', $1, $2, 0) as answer`,
    [thread.threadId, deletion],
  )
  const [isDone] = JSON.parse(rows[0]?.answer ?? '[]') as [boolean]
  return isDone
}

test('a repeat removes nothing that was stored since', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ text: 'old' })
  const before = await lastDeletion(thread)
  expect(await deleteAfter(thread, before)).toBe(true)
  await thread.put({ text: 'new' }, { parent: null })
  expect(await deleteAfter(thread, before)).toBe(false)
  expect(await thread.values()).toEqual({ text: 'new' })
})

test('where the server has lost the deletion that the caller was told of, the thread is removed', async () => {
  const thread = new TestThread(checkpointer)
  await thread.put({ text: 'deleted, and there again' })
  const lost = (await lastDeletion(thread)) + 1_000_000
  expect(await deleteAfter(thread, lost)).toBe(true)
  expect(await thread.read()).toBeUndefined()
})
