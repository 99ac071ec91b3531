/** Whoever does not answer is not waited for: half-open sockets, a pool that is used up, a reader who has left. */
import { getEventListeners } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import {
  InMemoryCheckpointer,
  PgCheckpointer,
  type PgCheckpointerOptions,
  type UnavailableError,
} from '../../src/index.ts'
import { configOf, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { blockThread, query, somethingWaitsForALock } from '../support/fault-sql.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

/** With tables, so that no short limit is spent on making them. */
async function setUpDatabase(): Promise<string> {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  await checkpointer.setup()
  await checkpointer.end()
  return url
}

async function openThroughProxy(options: Partial<PgCheckpointerOptions>) {
  const url = await setUpDatabase()
  const proxy = await startProxy(targetOf(url, 5432))
  const checkpointer = new PgCheckpointer({
    connection: { connectionString: proxy.through(url), max: 2 },
    schema,
    ...options,
  })
  onTestFinished(async () => {
    await checkpointer.end()
    await proxy.stop()
  })
  return { url, proxy, checkpointer, thread: new TestThread(checkpointer) }
}

/** Short, but not shorter than a call may take on a busy machine. */
const LIMITS = { connectTimeoutMs: 1000, statementTimeoutMs: 1000, retryMs: 2000 }
/** Longer than these take on a busy machine, and shorter than the defaults, which begin at 10 s. */
const END_MS = 9000

/** Milliseconds until the promise settles. */
async function timeOf(work: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work.catch(() => {})
  return performance.now() - began
}

test('a half-open socket is given up in time, and the call succeeds on another connection', async () => {
  const { proxy, thread, checkpointer } = await openThroughProxy({ statementTimeoutMs: 1000 })
  await thread.put({ n: 0 })
  proxy.blackHole()
  setTimeout(() => proxy.heal(), 100)
  expect(await timeOf(thread.put({ n: 1 }))).toBeLessThan(END_MS)
  expect(await thread.values()).toEqual({ n: 1 })
  expect(await thread.ids()).toHaveLength(2)
  expect(checkpointer.stats().retries).toBeGreaterThan(0)
})

test.each(['put', 'putWrites', 'getTuple', 'list', 'deleteThread'] as const)(
  'a %s that is never answered ends when its time is up',
  async (operation) => {
    const { proxy, thread, checkpointer } = await openThroughProxy(LIMITS)
    const id = await thread.put({ n: 0 })
    proxy.blackHole()
    const call = {
      put: () => thread.put({ n: 1 }),
      putWrites: () => thread.write(id, [['a', 1]]),
      getTuple: () => thread.read(),
      list: () => thread.list(),
      deleteThread: () => checkpointer.deleteThread(thread.threadId),
    }[operation]()
    const time = timeOf(call)
    await expect(call).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      operation,
      outcome: operation === 'put' || operation === 'putWrites' ? 'unknown' : 'not_applied', // deleteThread reads first
    })
    expect(await time).toBeLessThan(END_MS)
  },
)

test('sockets that were given up are closed', async () => {
  const { url, proxy, thread } = await openThroughProxy(LIMITS)
  await thread.put({ n: 0 })
  proxy.blackHole()
  await expect(thread.put({ n: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  proxy.heal()
  await thread.put({ n: 2 })
  const connections = () =>
    query(
      url,
      `select from pg_stat_activity where application_name = 'langgraph-pg-checkpointer' and datname = current_database()`,
    )
  await expect.poll(async () => (await connections()).length).toBeLessThanOrEqual(2)
})

test('a server that accepts a connection and never answers is given up in time', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo
  const checkpointer = new PgCheckpointer({
    connection: `postgres://u:p@127.0.0.1:${port}/d`,
    schema,
    ...LIMITS,
  })
  onTestFinished(() => checkpointer.end())
  const call = checkpointer.getTuple(configOf('t'))
  const time = timeOf(call)
  await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not_applied', sqlState: undefined })
  expect(await time).toBeLessThan(END_MS)
})

test('a call waits for a pool that other code has used up, for a limited time', async () => {
  const url = await setUpDatabase()
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  onTestFinished(() => pool.end())
  const checkpointer = new PgCheckpointer({
    connection: pool,
    schema,
    ...LIMITS,
  })
  const others = await pool.connect()
  const thread = new TestThread(checkpointer)
  const call = thread.put({ n: 1 })
  const time = timeOf(call)
  await expect(call).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    operation: 'put',
    outcome: 'not_applied',
    cause: { code: 'ETIMEDOUT' },
  })
  expect(await time).toBeLessThan(END_MS)
  others.release()
  await thread.put({ n: 2 })
  expect(await thread.values()).toEqual({ n: 2 })
  expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0])
})

test('calls that wait for one of our own connections end when their time is up', async () => {
  const url = await setUpDatabase()
  const checkpointer = new PgCheckpointer({ connection: { connectionString: url, max: 1 }, schema, ...LIMITS })
  onTestFinished(() => checkpointer.end())
  const first = new TestThread(checkpointer)
  const id = await first.put({ n: 0 })
  const release = await blockThread(url, schema, 'row')
  onTestFinished(() => release())
  const calls = [
    first.write(id, [['a', 1]]),
    ...Array.from({ length: 20 }, () => new TestThread(checkpointer).put({ n: 1 })),
  ]
  const time = timeOf(Promise.allSettled(calls))
  const [writes, ...puts] = await Promise.allSettled(calls)
  expect(writes).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE', outcome: 'unknown' } })
  // The connection may have become free for some of them in time.
  const failures = puts.filter((put) => put.status === 'rejected')
  expect(failures.map(({ reason }) => (reason as UnavailableError).code)).toEqual(failures.map(() => 'UNAVAILABLE'))
  expect(await time).toBeLessThan(END_MS)
})

describe('a signal', () => {
  const memory = () => new InMemoryCheckpointer()

  test.each(['getTuple', 'list', 'getDeltaChannelHistory'] as const)(
    'ends a waiting %s with its reason',
    async (operation) => {
      const { url, thread, checkpointer } = await openThroughProxy({})
      await thread.put({ n: 0 })
      const release = await blockThread(url, schema, 'table')
      onTestFinished(() => release())
      const controller = new AbortController()
      const { signal } = controller
      const config = { ...thread.config(), signal }
      const call = {
        getTuple: () => checkpointer.getTuple(config),
        list: () => checkpointer.list(config).next(),
        getDeltaChannelHistory: () => checkpointer.getDeltaChannelHistory({ config, channels: ['n'] }),
      }[operation]()
      const time = timeOf(call)
      await somethingWaitsForALock(url)
      controller.abort('enough')
      await expect(call).rejects.toBe('enough')
      expect(await time).toBeLessThan(END_MS)
      expect(getEventListeners(signal, 'abort')).toEqual([])
      await release()
      expect(await thread.values()).toEqual({ n: 0 }) // the connection is fit for use
    },
  )

  test('ends a read that waits for its next attempt, and one that waits for a connection', async () => {
    const { proxy, thread, checkpointer } = await openThroughProxy({})
    await thread.put({ n: 0 })
    await proxy.stop()
    for (const waitMs of [20, 200, 700]) {
      const signal = AbortSignal.timeout(waitMs)
      const call = checkpointer.getTuple({ ...thread.config(), signal })
      const time = timeOf(call)
      await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
      expect(await time).toBeLessThan(waitMs + END_MS)
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }
  })

  test('that has aborted already rejects reads, in memory too', async () => {
    const { thread, checkpointer } = await openThroughProxy({})
    await thread.put({ n: 0 })
    const signal = AbortSignal.abort('gone')
    const before = checkpointer.stats().statements
    await expect(checkpointer.getTuple({ ...thread.config(), signal })).rejects.toBe('gone')
    expect(checkpointer.stats().statements).toBe(before)
    await expect(memory().getTuple({ ...configOf('t'), signal })).rejects.toBe('gone')
    await expect(
      memory()
        .list({ ...configOf('t'), signal })
        .next(),
    ).rejects.toBe('gone')
  })

  test('does not stop a write', async () => {
    const { thread, checkpointer } = await openThroughProxy({})
    const signal = AbortSignal.abort('gone')
    await checkpointer.put(
      { ...thread.config(), signal },
      { v: 4, id: '1', ts: '', channel_values: { n: 1 }, channel_versions: {}, versions_seen: {} },
      { source: 'loop', step: 0, parents: {} },
      {},
    )
    expect(await thread.values()).toEqual({ n: 1 })
  })

  test('keeps no listener of a read that timed out', async () => {
    const { proxy, thread, checkpointer } = await openThroughProxy(LIMITS)
    await thread.put({ n: 0 })
    proxy.blackHole()
    const { signal } = new AbortController()
    await expect(checkpointer.getTuple({ ...thread.config(), signal })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('keeps no listeners after many reads', async () => {
    const { thread, checkpointer } = await openThroughProxy({})
    await thread.put({ n: 0 })
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 50 }, () => checkpointer.getTuple({ ...thread.config(), signal })))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('a stall of this process is not mistaken for silence of the server', async () => {
  const checkpointer = new PgCheckpointer({ connection: await setUpDatabase(), schema, statementTimeoutMs: 2000 })
  onTestFinished(() => checkpointer.end())
  const thread = new TestThread(checkpointer)
  await thread.put({ n: 0 })
  for (let n = 1; n <= 2; n++) {
    const put = thread.put({ n })
    await setImmediate() // it is on its way
    for (const end = performance.now() + 2500; performance.now() < end;);
    await put
  }
  expect(checkpointer.stats().retries).toBe(0)
})

test('no timer is left over', async () => {
  const { thread, checkpointer } = await openThroughProxy({})
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  await thread.put({ n: 0 })
  const before = timers()
  const { signal } = new AbortController()
  for (let n = 1; n <= 20; n++) {
    await thread.put({ n })
    await checkpointer.getTuple({ ...thread.config(), signal })
  }
  expect(timers()).toBeLessThanOrEqual(before + 2) // the pool's own, for idle clients
})
