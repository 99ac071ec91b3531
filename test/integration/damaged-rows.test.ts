/** Rows that are not what was stored: each is noticed, and none keeps `list` from giving the others. */
import pg from 'pg'
import { CheckpointerError, InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { collect, configOf, TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema } from '../support/database.ts'

const schema = `"${testSchema.replaceAll('"', '""')}"`

async function openDatabase(): Promise<{ pool: pg.Pool; checkpointer: PgCheckpointer }> {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema, cacheBytes: 0 })
  onTestFinished(async () => {
    await checkpointer.end()
    await pool.end()
  })
  return { pool, checkpointer }
}

/** Another character in the place of one: as a flipped bit that leaves UTF-8 valid. */
function damaged(text: string, at: number): string {
  const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << (at % 5)))
  return text.slice(0, at) + (flipped === '\0' ? 'x' : flipped) + text.slice(at + 1)
}

function isNoticed(answer: unknown): boolean {
  return answer instanceof CheckpointerError && /_CORRUPT$|^UNREADABLE|^PART_MISSING$/.test(answer.code)
}

const COLUMNS = [
  ['checkpoints', 'header'],
  ['checkpoints', 'manifest'],
  ['checkpoints', 'metadata'],
  ['checkpoints', 'digest'],
  ['writes', 'channel'],
  ['writes', 'value'],
  ['writes', 'task_path'],
  ['writes', 'digest'],
  ['parts', 'body'],
] as const

test.each(COLUMNS)('no damaged character in %s.%s gives another answer in silence', async (table, column) => {
  const { pool, checkpointer } = await openDatabase()
  const thread = new TestThread(checkpointer)
  const id = await thread.put(
    { messages: [{ text: textOf(1, 2000) }, { text: 'short' }], turns: 12, at: new Date(0) },
    { metadata: { user: 'ada', step: 7 }, versions: { messages: 2, turns: 1, at: 1 } },
  )
  await thread.write(id, [['messages', [{ text: 'pending' }]]], 'task', '~__pregel_pull, model')
  const before = await thread.mustRead()
  const { rows } = await pool.query<{ key: string; text: string }>(
    `select ctid::text as key, ${column} as text from ${schema}.${table} where ${column} is not null`,
  )
  let noticed = 0
  const others: unknown[] = []
  for (const { text } of rows) {
    const step = Math.max(1, Math.floor(text.length / 60))
    for (let at = 0; at < text.length; at += step) {
      const change = `update ${schema}.${table} set ${column} = $1 where ${column} = $2`
      await pool.query(change, [damaged(text, at), text])
      const answer = await thread.read().catch((error: unknown) => error)
      if (isNoticed(answer)) noticed++
      else others.push(answer)
      await pool.query(change, [text, damaged(text, at)])
    }
  }
  expect(noticed).toBeGreaterThan(0)
  for (const answer of others) expect(answer).toStrictEqual(before)
  expect(await thread.read()).toStrictEqual(before)
})

test('one damaged checkpoint does not keep list from giving the others, and is told at the end', async () => {
  const { pool, checkpointer } = await openDatabase()
  const thread = new TestThread(checkpointer)
  const ids: string[] = []
  for (let n = 0; n < 60; n++) ids.unshift(await thread.put({ n }))
  await pool.query(`update ${schema}.checkpoints set header = '{}' where checkpoint_id = any ($1)`, [
    [ids[0], ids[30], ids[31]],
  ])
  const given: string[] = []
  const listing = async () => {
    for await (const tuple of checkpointer.list(configOf(thread.threadId))) given.push(tuple.checkpoint.id)
  }
  const error = (await listing().catch((thrown: unknown) => thrown)) as {
    code: string
    failures: { address: { checkpointId: string }; error: { code: string } }[]
  }
  expect(given).toStrictEqual(ids.filter((_, i) => i !== 0 && i !== 30 && i !== 31))
  expect(error.code).toBe('UNREADABLE_CHECKPOINTS')
  expect(error.failures.map(({ address }) => address.checkpointId)).toStrictEqual([ids[0], ids[30], ids[31]])
  expect(error.failures.map((failure) => failure.error.code)).toStrictEqual(Array(3).fill('ROW_CORRUPT'))
  await expect(thread.read(ids[30])).rejects.toMatchObject({ code: 'ROW_CORRUPT', table: 'checkpoints' })
  expect(await thread.read(ids[29])).toBeDefined()
})

test('one damaged part does not keep list from giving the checkpoints that do without it', async () => {
  const { pool, checkpointer } = await openDatabase()
  const thread = new TestThread(checkpointer)
  const ids: string[] = []
  for (let n = 0; n < 12; n++) ids.unshift(await thread.put({ text: textOf(n, 3000) }))
  const { rowCount } = await pool.query(`update ${schema}.parts set body = '"x"' where body = $1`, [
    JSON.stringify(textOf(5, 3000)),
  ])
  expect(rowCount).toBe(1)
  const given: string[] = []
  const listing = async () => {
    for await (const tuple of checkpointer.list(configOf(thread.threadId))) given.push(tuple.checkpoint.id)
  }
  await expect(listing()).rejects.toMatchObject({
    failures: [{ address: { checkpointId: ids[6] }, error: { code: 'PART_CORRUPT' } }],
  })
  expect(given).toStrictEqual(ids.toSpliced(6, 1))
})

test('in memory, a snapshot with a changed row is noticed when it is read', async () => {
  const checkpointer = new InMemoryCheckpointer()
  const thread = new TestThread(checkpointer)
  await thread.put({ n: 1 })
  const text = JSON.stringify(checkpointer.snapshot()).replace('\\"n\\":{\\"is\\":1}', '\\"n\\":{\\"is\\":2}')
  const other = new InMemoryCheckpointer()
  other.restore(JSON.parse(text) as ReturnType<InMemoryCheckpointer['snapshot']>)
  await expect(other.getTuple(thread.config())).rejects.toMatchObject({ code: 'ROW_CORRUPT' })
  await expect(collect(other.list(thread.config()))).rejects.toMatchObject({ code: 'UNREADABLE_CHECKPOINTS' })
})

test('a type parser that leaves bytea as text does not matter', async () => {
  const { url } = await createDatabase()
  const types = { getTypeParser: () => (value: string) => value }
  const pool = new pg.Pool({ connectionString: url, types })
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema, cacheBytes: 0 })
  onTestFinished(async () => {
    await checkpointer.end()
    await pool.end()
  })
  const thread = new TestThread(checkpointer)
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i)
  await thread.put({ bytes, text: textOf(1, 5000) })
  expect(await thread.values()).toStrictEqual({ bytes, text: textOf(1, 5000) })
})

test('a pool whose connect gives only promises works', async () => {
  const { url } = await createDatabase()
  const pool = new pg.Pool({ connectionString: url })
  const promising = { connect: () => pool.connect(), end: () => pool.end() }
  const checkpointer = new PgCheckpointer({ connection: promising, schema: testSchema })
  onTestFinished(async () => {
    await checkpointer.end()
    await pool.end()
  })
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 1 })
  expect(await thread.values()).toStrictEqual({ x: 1 })
})

test("what Postgres says of a statement's parameters is not in its error", async () => {
  const { url } = await createDatabase()
  const connection = { connectionString: url, options: '-c log_parameter_max_length_on_error=-1' }
  const checkpointer = new PgCheckpointer({ connection, schema: testSchema })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`alter table ${schema}.checkpoints add check (metadata not like '%secret%')`)
  await admin.end()
  const thread = new TestThread(checkpointer)
  const error = (await thread
    .put({ x: 'top secret' }, { metadata: { note: 'secret' } })
    .catch((thrown: unknown) => thrown)) as Error & { code: string }
  expect(error.code).toBe('23514')
  expect(JSON.stringify(error) + error.message).not.toContain('secret')
})
