/** Connections that break: the process lives, the call succeeds or says in words that it did not. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import pg from 'pg'
import { PgCheckpointer, UnavailableError } from '../../src/index.ts'
import { checkpointOf, configOf, METADATA, newId, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema } from '../support/database.ts'
import { blockThread, query, terminate } from '../support/fault-sql.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

const schema = testSchema

async function open(options: Partial<ConstructorParameters<typeof PgCheckpointer>[0]> = {}) {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: url, schema, ...options })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  return { url, checkpointer, thread: new TestThread(checkpointer) }
}

function poolOf(url: string, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, application_name: 'borrowed', ...config })
  onTestFinished(() => pool.end())
  return pool
}

test('a backend that is terminated while idle goes unnoticed', async () => {
  const { url, thread } = await open()
  await thread.put({ a: 1 })
  expect(await terminate(url, 'langgraph-pg-checkpointer')).toBeGreaterThan(0)
  await thread.put({ a: 2 })
  expect(await thread.values()).toEqual({ a: 2 })
})

describe.each(['own', 'borrowed'])('in flight, with a pool that is %s', (kind) => {
  const name = kind === 'own' ? 'langgraph-pg-checkpointer' : 'borrowed'
  const openThread = async () => {
    const { url, checkpointer } = await open()
    if (kind === 'own') return { url, thread: new TestThread(checkpointer), pool: undefined }
    const pool = poolOf(url) // without an error listener, on purpose
    return { url, thread: new TestThread(new PgCheckpointer({ connection: pool, schema })), pool }
  }

  /** Calls while all threads are locked, terminates the backend that waits, and unlocks. */
  async function terminateIn<Result>(
    url: string,
    locked: 'row' | 'table',
    call: () => Promise<Result>,
  ): Promise<Result> {
    const release = await blockThread(url, schema, locked)
    const result = call()
    await expect.poll(() => terminate(url, name, 'Lock')).toBe(1)
    await release()
    return result
  }

  test('a put whose backend is terminated succeeds', async () => {
    const { url, thread } = await openThread()
    await thread.put({ a: 1 })
    await terminateIn(url, 'row', () => thread.put({ a: 2 }))
    expect(await thread.values()).toEqual({ a: 2 })
  })

  test('putWrites whose backend is terminated succeeds', async () => {
    const { url, thread } = await openThread()
    const id = await thread.put({ a: 1 })
    await terminateIn(url, 'row', () => thread.write(id, [['a', 2]]))
    expect((await thread.mustRead()).pendingWrites).toEqual([['task', 'a', 2]])
  })

  test('a getTuple whose backend is terminated succeeds', async () => {
    const { url, thread } = await openThread()
    await thread.put({ a: 1 })
    expect(await terminateIn(url, 'table', () => thread.values())).toEqual({ a: 1 })
  })

  test('a deleteThread whose backend is terminated succeeds', async () => {
    const { url, thread } = await openThread()
    await thread.put({ a: 1 })
    await terminateIn(url, 'row', () => thread.checkpointer.deleteThread(thread.threadId))
    expect(await thread.read()).toBeUndefined()
  })
})

test('a borrowed pool gets its clients back without listeners of the checkpointer, and no broken ones', async () => {
  const { url } = await open()
  const pool = poolOf(url, { max: 1 })
  const checkpointer = new PgCheckpointer({ connection: pool, schema })
  const thread = new TestThread(checkpointer)
  await thread.put({ a: 1 })
  const client = await pool.connect()
  const before = client.listeners('error')
  client.release()
  await thread.put({ a: 2 })
  await thread.read()
  const again = await pool.connect()
  expect(again).toBe(client)
  expect(again.listeners('error')).toEqual(before)
  again.release()

  const release = await blockThread(url, schema, 'row')
  const call = thread.put({ a: 3 })
  await expect.poll(() => terminate(url, 'borrowed', 'Lock')).toBe(1)
  await release()
  await call
  const fresh = await pool.connect()
  expect(fresh).not.toBe(client)
  fresh.release()
  expect(pool.listenerCount('error')).toBe(1) // for as long as the checkpointer uses it
  await checkpointer.end()
  expect(pool.listenerCount('error')).toBe(0)
})

test('a connection that ends as soon as it is open does not end the process', async () => {
  const { url } = await open()
  let isFirst = true
  const proxy = await startProxy(targetOf(url, 5432), ({ client, server }) => ({
    toServer: (chunk) => void server.write(chunk),
    toClient(chunk) {
      const isOpen = chunk.subarray(-6).equals(Buffer.from('Z\0\0\0\x05I'))
      if (isFirst && isOpen) client.end(Buffer.concat([chunk, fatal('57P01')])) // in one read: no caller has the client yet
      else client.write(chunk)
      if (isOpen) isFirst = false
    },
  }))
  onTestFinished(() => proxy.stop())
  const pool = poolOf(proxy.through(url))
  const thread = new TestThread(new PgCheckpointer({ connection: pool, schema, migrations: 'off' }))
  await thread.put({ a: 1 })
  expect(isFirst).toBe(false)
  expect(await thread.values()).toEqual({ a: 1 })
})

/** As a server says goodbye. */
function fatal(state: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0Mterminating connection\0\0`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  return Buffer.concat([Buffer.from('E'), length, fields])
}

test('calls succeed over a network that carries one byte at a time', async () => {
  const { url } = await open()
  const bytewise = (socket: Socket) => (chunk: Buffer) => {
    for (const byte of chunk) socket.write(Buffer.of(byte))
  }
  const proxy = await startProxy(targetOf(url, 5432), ({ client, server }) => ({
    toServer: bytewise(server),
    toClient: bytewise(client),
  }))
  onTestFinished(() => proxy.stop())
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema })
  onTestFinished(() => checkpointer.end())
  const thread = new TestThread(checkpointer)
  await thread.put({ text: 'é'.repeat(5000) })
  expect(await thread.values()).toEqual({ text: 'é'.repeat(5000) })
  expect(checkpointer.stats().retries).toBe(0)
})

test('an outage that ends in time causes no error', async () => {
  const { url } = await open()
  const proxy = await startProxy(targetOf(url, 5432))
  onTestFinished(() => proxy.stop())
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema })
  onTestFinished(() => checkpointer.end())
  const threads = Array.from({ length: 8 }, () => new TestThread(checkpointer))
  await Promise.all(threads.map((thread) => thread.put({ n: 0 })))
  for (let n = 1; n <= 20; n++) {
    const puts = threads.map((thread) => thread.put({ n }))
    await sleep(n % 5)
    proxy.cut()
    await Promise.all(puts)
  }
  for (const thread of threads) {
    expect(await thread.values()).toEqual({ n: 20 })
    expect(await thread.ids()).toHaveLength(21)
  }
  expect(checkpointer.stats().retries).toBeGreaterThan(0)
})

test('the error after retryMs has the facts and no state', async () => {
  const { url } = await open()
  const proxy = await startProxy(targetOf(url, 5432))
  onTestFinished(() => proxy.stop())
  const limits = { retryMs: 2000, connectTimeoutMs: 1000, statementTimeoutMs: 1000 }
  const pool = poolOf(proxy.through(url))
  pool.on('error', () => {})
  const thread = new TestThread(new PgCheckpointer({ connection: pool, schema, ...limits }))
  const { checkpointer } = thread
  await thread.put({ a: 'the secret' })
  await proxy.stop()
  // Sent on a connection that is gone already, a put would be in doubt.
  await expect.poll(() => pool.totalCount).toBe(0)

  const id = newId()
  const put = checkpointer.put(
    configOf(thread.threadId, 'ns'),
    checkpointOf(id, { a: 'the secret', b: 'the secret' }),
    METADATA,
    {},
  )
  const error = await put.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UnavailableError)
  expect(error).toMatchObject({
    code: 'UNAVAILABLE',
    operation: 'put',
    outcome: 'not_applied',
    address: { threadId: thread.threadId, ns: 'ns', checkpointId: id },
    sqlState: undefined,
    attempts: expect.toSatisfy((attempts: number) => attempts > 1),
    cause: { code: expect.stringMatching(/^ECONN/) },
  })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret')
  await expect(thread.read()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    operation: 'getTuple',
    outcome: 'not_applied',
  })
  await expect(thread.list()).rejects.toMatchObject({ code: 'UNAVAILABLE', operation: 'list' })
  await expect(checkpointer.deleteThread(thread.threadId)).rejects.toMatchObject({
    operation: 'deleteThread',
    outcome: 'not_applied',
  })
})

test('the first failure is the one that is reported', async () => {
  const { url, thread } = await open()
  await thread.put({ a: 1 })
  const proxy = await startProxy(targetOf(url, 5432))
  const checkpointer = new PgCheckpointer({
    connection: proxy.through(url),
    schema,
    retryMs: 2000,
    connectTimeoutMs: 1000,
    statementTimeoutMs: 5000,
  })
  onTestFinished(() => checkpointer.end())
  const again = new TestThread(checkpointer, '', thread.threadId)
  await again.read()
  const release = await blockThread(url, schema, 'row')
  onTestFinished(() => release())
  const put = again.put({ a: 2 })
  const settled = put.catch((reason: unknown) => reason)
  await expect.poll(() => terminate(url, 'langgraph-pg-checkpointer', 'Lock')).toBe(1)
  await expect.poll(() => checkpointer.stats().retries, { interval: 2 }).toBeGreaterThan(0) // it has heard of the termination
  await proxy.stop() // from here on: ECONNREFUSED
  expect(await settled).toMatchObject({ outcome: 'unknown', sqlState: '57P01', cause: { code: '57P01' } })
  expect(String(await settled)).toMatch(/57P01, at last ECONN/)
})

test('errors hold no state even if the server reports the parameters of failed statements', async () => {
  const { url } = await open()
  await query(url, `alter role postgres set log_parameter_max_length_on_error = -1`).catch(() => {})
  onTestFinished(async () => {
    await query(url, 'alter role postgres reset log_parameter_max_length_on_error').catch(() => {})
    await query(url, 'alter role postgres reset lock_timeout')
  })
  await query(url, `alter role postgres set lock_timeout = '20ms'`)
  const checkpointer = new PgCheckpointer({ connection: url, schema, retryMs: 2000 })
  onTestFinished(() => checkpointer.end())
  const thread = new TestThread(checkpointer)
  await thread.put({ a: 1 })
  const release = await blockThread(url, schema, 'row')
  onTestFinished(() => release())
  const error = await thread.put({ a: 'the secret' }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not_applied', sqlState: '55P03' })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret')
})

test('a failure that does not pass rejects at once with the error of Postgres', async () => {
  const { url, checkpointer, thread } = await open()
  await thread.put({ a: 1 })
  await query(url, `drop table "${schema}".checkpoints cascade`)
  await expect(thread.put({ a: 2 })).rejects.toMatchObject({ name: 'error', code: '42P01', severity: 'ERROR' })
  expect(checkpointer.stats().retries).toBe(0)
})

test('later puts of a thread wait for a put that is tried again', async () => {
  const { url, checkpointer, thread } = await open()
  await thread.put({ n: 0 })
  const release = await blockThread(url, schema, 'row')
  const puts = [1, 2, 3].map((n) => thread.put({ n }))
  await expect.poll(() => terminate(url, 'langgraph-pg-checkpointer', 'Lock')).toBe(1)
  await release()
  const ids = await Promise.all(puts)
  expect(await thread.ids({ limit: 3 })).toEqual(ids.toReversed())
  expect(checkpointer.stats().retries).toBe(1)
})

test.each(['own', 'borrowed'])('end() waits for calls in progress (%s pool)', async (kind) => {
  const { url } = await open()
  const checkpointer = new PgCheckpointer({ connection: kind === 'own' ? url : poolOf(url), schema })
  const thread = new TestThread(checkpointer)
  await thread.put({ n: 0 })
  const puts = [1, 2, 3, 4, 5].map((n) => thread.put({ n }))
  await Promise.all([checkpointer.end(), ...puts])
  await expect(query(url, `select count(*)::int as count from "${schema}".checkpoints`)).resolves.toEqual([
    { count: 6 },
  ])
})

test('end() waits for a put whose serializer is still at work, and for the one that is called after it', async () => {
  const { url } = await open()
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const serde: SerializerProtocol = {
    dumpsTyped: (value) => finished.then(() => ['json', Buffer.from(JSON.stringify(value))]),
    loadsTyped: async (_type, bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
  }
  const checkpointer = new PgCheckpointer({ connection: url, schema, serde })
  const thread = new TestThread(checkpointer)
  const puts = thread.put({ n: 1 }).then(() => thread.put({ n: 2 }))
  const ended = checkpointer.end()
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  finish()
  await Promise.all([ended, puts])
  await expect(query(url, `select count(*)::int as count from "${schema}".checkpoints`)).resolves.toEqual([
    { count: 2 },
  ])
})

describe('a deletion whose answer was lost', () => {
  test('is not repeated on a thread that was started again in the meantime', async () => {
    const { url, thread } = await open()
    await thread.put({ old: true })
    const proxy = await startPostgresProxy(url, () => undefined)
    onTestFinished(() => proxy.stop())
    const checkpointer = new PgCheckpointer({
      connection: { connectionString: proxy.through(url), max: 1 },
      schema,
      migrations: 'off',
    })
    onTestFinished(() => checkpointer.end())

    // The statement arrives and is carried out; every answer is lost, until a new run has stored its first checkpoint.
    let isDeletion = false
    proxy.onMessage = (direction, type, bytes) => {
      if (type === 'P') isDeletion = bytes.includes('delete_thread')
      return isDeletion && direction === 'toClient' ? 'cut' : undefined
    }
    const deletion = checkpointer.deleteThread(thread.threadId)
    await expect.poll(() => thread.read()).toBeUndefined()
    const newRun = new TestThread(thread.checkpointer, '', thread.threadId)
    await newRun.put({ new: true })
    proxy.onMessage = undefined
    await deletion
    expect(await newRun.values()).toEqual({ new: true })
    expect(checkpointer.stats().retries).toBeGreaterThan(0)
  })
})
