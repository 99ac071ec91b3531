/** Redis in front of Postgres: what it saves, what it holds, and which commands it is sent. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Cluster, Redis } from 'ioredis'
import { OptionsError, PgCheckpointer, type PgCheckpointerOptions, UnserializableValueError } from '../../src/index.ts'
import { TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, redisUrl, testSchema } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { report } from '../support/figures.ts'
import { startRedis } from '../support/redis.ts'
import { startRedisProxy } from '../support/redis-proxy.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'
import { newPrefix } from '../support/tiers.ts'

/** Longer than the default, as test machines are busy. */
const PATIENT = { redisTimeoutMs: 10_000 }

/** 500 messages of 2 KB. */
const megabyte = {
  messages: Array.from({ length: 500 }, (_, i) => ({ role: 'user', content: textOf(i, 2000), id: `m${i}` })),
}

async function newRedis() {
  const prefix = newPrefix()
  const admin = new Redis(redisUrl())
  onTestFinished(async () => {
    await admin.quit()
  })
  return { prefix, admin, keys: () => admin.keys(`${prefix}:*`) }
}

/** A checkpointer that holds nothing yet, as in a new process. */
function newCheckpointer(options: PgCheckpointerOptions): PgCheckpointer {
  const checkpointer = new PgCheckpointer({ schema: testSchema, ...PATIENT, ...options })
  onTestFinished(() => checkpointer.end())
  return checkpointer
}

/** Redis has every part that was written, or the given number of them. */
function filled(checkpointer: PgCheckpointer, parts: number = checkpointer.stats().partsWritten): Promise<void> {
  return eventually(() => (checkpointer.stats().redis?.fills ?? 0) >= parts, `${parts} parts were in Redis`)
}

describe('what moves over the connection to Postgres', () => {
  /** Writes a thread of 1 MB. `read` reads it, and counts by a proxy what that moves over the connection to Postgres. */
  const measure = async (
    options: Partial<PgCheckpointerOptions>,
    writerOptions: Partial<PgCheckpointerOptions> = options,
  ) => {
    const { url } = await createDatabase()
    const writer = newCheckpointer({ connection: url, ...writerOptions })
    const threadId = randomUUID()
    await new TestThread(writer, '', threadId).put(megabyte)
    if (writerOptions.redis !== undefined) await filled(writer)

    let bytes = 0
    const proxy = await startProxy(targetOf(url, 5432), ({ client, server }) => ({
      toServer: (chunk) => void ((bytes += chunk.length), server.write(chunk)),
      toClient: (chunk) => void ((bytes += chunk.length), client.write(chunk)),
    }))
    onTestFinished(() => proxy.stop())
    const reader = newCheckpointer({ connection: proxy.through(url), ...options })
    await reader.setup()
    const thread = new TestThread(reader, '', threadId)
    const read = async () => {
      const [before, statements] = [bytes, reader.stats().statements]
      expect(await thread.values()).toEqual(megabyte)
      return { share: (bytes - before) / 1_000_000, statements: reader.stats().statements - statements }
    }
    return { read, reader }
  }
  const reportRead = (what: string, { share, statements }: { share: number; statements: number }) =>
    report(`a thread of 1 MB, ${what}`, { '% over Postgres': (100 * share).toFixed(1), statements })

  test('is little if Redis is filled and the process is new, and if its own memory is filled', async () => {
    const { prefix } = await newRedis()
    const { read, reader } = await measure({ redis: redisUrl(), redisPrefix: prefix })
    const [first, second] = [await read(), await read()]
    reportRead('Redis filled, new process', first)
    reportRead('process filled', second)
    expect(first.share).toBeLessThan(0.05)
    expect(second.share).toBeLessThan(0.05)
    expect([first.statements, second.statements]).toEqual([1, 1])
    expect(reader.stats().redis).toMatchObject({ misses: 0, errors: 0, rejected: 0 })
  })

  test('is little with Redis alone', async () => {
    const { prefix } = await newRedis()
    const { read } = await measure({ redis: redisUrl(), redisPrefix: prefix, cacheBytes: 0 })
    for (let i = 0; i < 3; i++) expect((await read()).share).toBeLessThan(0.05)
  })

  test('takes one more statement if Redis is empty', async () => {
    const { prefix } = await newRedis()
    const { read } = await measure({ redis: redisUrl(), redisPrefix: prefix }, {})
    const first = await read()
    reportRead('nothing at hand, empty Redis', first)
    expect(first.statements).toBe(2)
    expect((await read()).statements).toBe(1)
  })

  test('takes no further statement without Redis', async () => {
    const { read } = await measure({})
    const first = await read()
    reportRead('nothing at hand, no Redis', first)
    expect(first.statements).toBe(1)
  })
})

describe('what is in Redis', () => {
  test('is parts, for a limited time, under keys that reveal nothing', async () => {
    const { url } = await createDatabase()
    const { prefix, admin, keys } = await newRedis()
    const checkpointer = newCheckpointer({
      connection: url,
      redis: redisUrl(),
      redisPrefix: prefix,
      redisTtlSeconds: 1000,
      tenant: 'acme',
    })
    const thread = new TestThread(checkpointer, '', 'thread-of-alice')
    await thread.put({ messages: [{ text: textOf(1, 2000) }], bytes: new Uint8Array(2000) })
    await filled(checkpointer, 2)
    const found = await keys()
    expect(found).toHaveLength(2)
    for (const key of found) {
      expect(key).toMatch(new RegExp(`^${prefix}:\\{[A-Za-z0-9_-]{22}\\}:[vgitb][A-Za-z0-9_-]{22}$`))
      expect(await admin.pttl(key)).toBeGreaterThan(900_000)
      expect(await admin.pttl(key)).toBeLessThanOrEqual(1_000_000)
    }
  })

  test('is separate for each tenant and thread, even if the parts are equal', async () => {
    const { url } = await createDatabase()
    const { prefix, keys } = await newRedis()
    for (const tenant of ['', 'a', 'b']) {
      const checkpointer = newCheckpointer({ connection: url, redis: redisUrl(), redisPrefix: prefix, tenant })
      for (const id of ['1', '2']) await new TestThread(checkpointer, '', id).put({ text: textOf(1, 2000) })
      await filled(checkpointer, 2)
    }
    expect(await keys()).toHaveLength(6)
  })

  test('is nothing that was not stored in Postgres', async () => {
    const { url } = await createDatabase()
    const { prefix, keys } = await newRedis()
    const checkpointer = newCheckpointer({ connection: url, redis: redisUrl(), redisPrefix: prefix })
    const thread = TestThread.inRun(checkpointer)
    const id = await thread.put({ text: 'short' })
    await checkpointer.deleteThread(thread.threadId)
    await thread.put({ text: textOf(1, 2000) }) // late: its run began before the deletion
    await thread.write(id, [['text', textOf(2, 2000)]])
    await expect(thread.put({ text: textOf(3, 2000), bad: () => {} })).rejects.toThrow(UnserializableValueError)
    await checkpointer.end()
    expect(await keys()).toEqual([])
  })

  test('is nothing larger than redisMaxValueBytes', async () => {
    const { url } = await createDatabase()
    const { prefix, keys } = await newRedis()
    const checkpointer = newCheckpointer({
      connection: url,
      redis: redisUrl(),
      redisPrefix: prefix,
      redisMaxValueBytes: 5000,
      cacheBytes: 0,
    })
    const thread = new TestThread(checkpointer)
    const values = { small: textOf(1, 2000), umlauts: 'ü'.repeat(3000), large: textOf(2, 6000) }
    await thread.put(values)
    await filled(checkpointer, 1)
    expect(await thread.values()).toEqual(values)
    await checkpointer.end()
    expect(await keys()).toHaveLength(1)
  })

  test('is removed with the thread', async () => {
    const { url } = await createDatabase()
    const { prefix, keys } = await newRedis()
    const options = { connection: url, redis: redisUrl(), redisPrefix: prefix }
    const writer = newCheckpointer(options)
    const [thread, other] = [new TestThread(writer), new TestThread(writer)]
    await thread.put(megabyte)
    await other.put({ text: textOf(1, 2000) })
    await filled(writer)
    const stranger = newCheckpointer(options) // has not seen the thread
    await stranger.deleteThread(thread.threadId)
    await stranger.end()
    expect(await keys()).toHaveLength(1)
    expect(await thread.read()).toBeUndefined()
    expect(await other.values()).toEqual({ text: textOf(1, 2000) })
  })

  test('is what a new run stored after a deletion', async () => {
    const { url } = await createDatabase()
    const { prefix } = await newRedis()
    const options = { connection: url, redis: redisUrl(), redisPrefix: prefix, cacheBytes: 0 }
    const checkpointer = newCheckpointer(options)
    const threadId = randomUUID()
    for (let life = 0; life < 5; life++) {
      const thread = new TestThread(checkpointer, '', threadId)
      expect(await thread.read()).toBeUndefined()
      await thread.put({ same: textOf(1, 2000), own: textOf(life + 10, 2000) })
      expect(await thread.values()).toEqual({ same: textOf(1, 2000), own: textOf(life + 10, 2000) })
      await checkpointer.deleteThread(threadId)
    }
  })
})

describe('the commands sent to Redis', () => {
  test('are MGET, SET with PX and NX, and UNLINK only', async () => {
    const { url } = await createDatabase()
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const admin = new Redis(server.url)
    const monitor = await admin.monitor()
    onTestFinished(() => [admin, monitor].forEach((client) => client.disconnect()))
    const seen: string[][] = []
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args))

    const checkpointer = newCheckpointer({ connection: url, redis: server.url, cacheBytes: 0 })
    const thread = new TestThread(checkpointer)
    const id = await thread.put({ messages: [{ text: textOf(1, 2000) }], files: { a: textOf(2, 5000) } })
    await thread.write(id, [
      ['messages', { text: textOf(3, 2000) }],
      ['__interrupt__', { value: textOf(4, 2000) }],
    ])
    await thread.put({ messages: [{ text: textOf(1, 2000) }, { text: textOf(3, 2000) }] })
    await filled(checkpointer)
    for (let i = 0; i < 3; i++) await thread.read()
    await thread.list()
    await checkpointer.getDeltaChannelHistory({ config: thread.config(), channels: ['messages'] })
    await checkpointer.health()
    await checkpointer.deleteThread(thread.threadId)
    await checkpointer.end()
    await admin.echo('all before this was seen')
    await eventually(() => seen.some(([name]) => name?.toLowerCase() === 'echo'), 'the monitor had caught up')
    const commands = seen.filter(([, key]) => key?.startsWith('langgraph:'))
    const names = new Set(commands.map(([name]) => name?.toUpperCase()))
    expect(names).toEqual(new Set(['MGET', 'SET', 'UNLINK']))
    const sets = commands.filter(([name]) => name?.toUpperCase() === 'SET')
    for (const [, , , ...modes] of sets) expect(modes).toEqual(['PX', '86400000', 'NX'])
    const others = new Set(seen.filter((args) => !commands.includes(args)).map(([name]) => name?.toUpperCase()))
    expect([...others].filter((name) => !['HELLO', 'CLIENT', 'INFO', 'ECHO'].includes(name ?? ''))).toEqual([]) // the handshake of ioredis
  })

  test('are shared by all reads of a thread at once', async () => {
    const { url } = await createDatabase()
    const { prefix } = await newRedis()
    const proxy = await startRedisProxy(redisUrl())
    onTestFinished(() => proxy.stop())
    const threadId = randomUUID()
    await new TestThread(newCheckpointer({ connection: url }), '', threadId).put(megabyte)
    const reader = newCheckpointer({ connection: url, redis: proxy.url, redisPrefix: prefix, cacheBytes: 0 })
    await reader.setup()
    const before = reader.stats().statements
    const thread = new TestThread(reader, '', threadId)
    const READERS = 20
    for (const values of await Promise.all(Array.from({ length: READERS }, () => thread.values())))
      expect(values).toEqual(megabyte)
    const questions = reader.stats().statements - before - READERS
    const mget = proxy.commandsByName.get('MGET') ?? 0
    report(`${READERS} readers at once`, { MGET: mget, 'statements for parts': questions })
    // Each reads the head by a statement of its own, and the answers do not come at the same time.
    expect(questions).toBeLessThan(READERS / 2)
  })

  test('are none for a put whose parts are there already', async () => {
    const { url } = await createDatabase()
    const { prefix } = await newRedis()
    const checkpointer = newCheckpointer({ connection: url, redis: redisUrl(), redisPrefix: prefix })
    const thread = new TestThread(checkpointer)
    await thread.put(megabyte)
    await filled(checkpointer)
    const before = checkpointer.stats().redis?.fills ?? 0
    await thread.put({ messages: [...megabyte.messages, { role: 'ai', content: textOf(1000, 2000), id: 'new' }] })
    await eventually(() => (checkpointer.stats().redis?.fills ?? 0) > before, 'the new message was in Redis')
    await checkpointer.end()
    expect((checkpointer.stats().redis?.fills ?? 0) - before).toBeLessThan(5)
  })
})

describe('the client', () => {
  test('that was opened here is closed by end()', async () => {
    const { url } = await createDatabase()
    const server = await startRedis() // the one that all tests share has clients of other tests
    const admin = new Redis(server.url)
    onTestFinished(async () => {
      admin.disconnect()
      await server.stop()
    })
    const count = async () => String(await admin.client('LIST')).match(/name=langgraph-pg-checkpointer/g)?.length ?? 0
    const checkpointer = newCheckpointer({ connection: url, redis: server.url })
    expect(await count()).toBe(0)
    await new TestThread(checkpointer).put({ text: textOf(1, 2000) })
    await eventually(async () => (await count()) === 1, 'it was connected')
    await checkpointer.end()
    await eventually(async () => (await count()) === 0, 'it was closed')
  })

  test.each(['Redis', 'Cluster'])('of the caller is not closed and gets no listeners (%s)', async (kind) => {
    const { url } = await createDatabase()
    const server = await startRedis(
      kind === 'Cluster' ? { 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' } : {},
    )
    onTestFinished(() => server.stop())
    const admin = new Redis(server.url)
    if (kind === 'Cluster') {
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await eventually(async () => (await admin.cluster('INFO')).includes('cluster_state:ok'), 'the cluster was up')
    }
    admin.disconnect()
    const client = kind === 'Cluster' ? new Cluster([{ host: '127.0.0.1', port: server.port }]) : new Redis(server.url)
    onTestFinished(() => client.disconnect())
    await client.ping()
    const listeners = () => client.eventNames().map((name) => [name, client.listenerCount(name)])
    const before = listeners()
    const checkpointer = newCheckpointer({ connection: url, redis: client, cacheBytes: 0 })
    const thread = new TestThread(checkpointer)
    await thread.put(megabyte)
    await filled(checkpointer)
    expect(await thread.values()).toEqual(megabyte)
    expect(checkpointer.stats().redis).toMatchObject({ misses: 0, errors: 0 })
    await checkpointer.deleteThread(thread.threadId)
    await checkpointer.end()
    expect(listeners()).toEqual(before)
    expect(await client.ping()).toBe('PONG')
    expect(await client.dbsize()).toBe(0)
  })

  test('that never settles its promises delays no call for long', async () => {
    const { url } = await createDatabase()
    const proxy = await startRedisProxy(redisUrl())
    onTestFinished(() => proxy.stop())
    // With this option, commands that are in flight when a connection drops never settle in ioredis 6.0.0 (#2193).
    const client = new Redis(proxy.url, { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: null })
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    await client.ping()
    const checkpointer = newCheckpointer({
      connection: url,
      redis: client,
      redisPrefix: newPrefix(),
      redisTimeoutMs: 50,
      cacheBytes: 0,
    })
    const thread = new TestThread(checkpointer)
    await thread.put({ text: textOf(1, 2000) })
    proxy.mode = 'swallow'
    const reads = Array.from({ length: 10 }, () => thread.values())
    await eventually(() => proxy.tampered > 0, 'a reply was swallowed')
    proxy.cut()
    for (const values of await Promise.all(reads)) expect(values).toEqual({ text: textOf(1, 2000) })
    expect(checkpointer.stats().redis?.errors).toBeGreaterThan(0)
  })

  test('is reported by health(), which never rejects', async () => {
    const { url } = await createDatabase()
    const server = await startRedis()
    const checkpointer = newCheckpointer({ connection: url, redis: server.url })
    expect((await checkpointer.health()).redis).toEqual({
      reachable: true,
      latencyMs: expect.any(Number),
      error: undefined,
    })
    await server.stop()
    expect((await checkpointer.health()).redis).toEqual({
      reachable: false,
      latencyMs: undefined,
      error: expect.any(String),
    })
  })
})

describe('options', () => {
  const connection = 'postgres://localhost/none'

  test.each([
    ['redis', { redis: 'http://localhost' }],
    ['redis', { redis: 'localhost:6379' }],
    ['redis', { redis: 6379 }],
    ['redis', { redis: { connect() {}, mGet() {}, sendCommand() {} } }],
    ['redisPrefix', { redis: 'redis://localhost', redisPrefix: 'a{b}' }],
    ['redisPrefix', { redis: 'redis://localhost', redisPrefix: '' }],
    ['redisTtlSeconds', { redis: 'redis://localhost', redisTtlSeconds: 0 }],
    ['redisTtlSeconds', { redis: 'redis://localhost', redisTtlSeconds: 1e12 }],
    ['redisTimeoutMs', { redis: 'redis://localhost', redisTimeoutMs: 0.5 }],
    ['redisMaxValueBytes', { redis: 'redis://localhost', redisMaxValueBytes: Number.NaN }],
    ['cacheBytes', { cacheBytes: -1 }],
  ])('refuse a wrong %s: %o', (option, options) => {
    expect(() => new PgCheckpointer({ connection, ...options } as PgCheckpointerOptions)).toThrow(OptionsError)
    expect(() => new PgCheckpointer({ connection, ...options } as PgCheckpointerOptions)).toThrow(option)
  })

  test('do not repeat a password of a URL in the error', () => {
    expect(() => new PgCheckpointer({ connection, redis: 'rediss:/user:secret@host' })).toThrow(/^(?!.*secret)/)
  })

  test('work without ioredis, and say what to install if a URL is given', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const copy = await mkdtemp(join(tmpdir(), 'checkpointer-without-ioredis-'))
    onTestFinished(() => rm(copy, { recursive: true, force: true }))
    for (const folder of ['src', 'sql', 'package.json', 'tsconfig.json'])
      await cp(join(root, folder), join(copy, folder), { recursive: true })
    await cp(join(root, 'node_modules'), join(copy, 'node_modules'), {
      recursive: true,
      filter: (path) => path.endsWith('node_modules'),
    })
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name !== 'ioredis')
        await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name)).catch(() => {})
    }
    const program = `
      import { PgCheckpointer } from '${copy}/src/index.ts'
      new PgCheckpointer({ connection: 'postgres://localhost/none' })
      console.log('made one')
      const checkpointer = new PgCheckpointer({ connection: 'postgres://localhost/none', redis: 'redis://localhost' })
      await checkpointer.getTuple({ configurable: { thread_id: 't' } })
        .catch((error) => console.log(error.code, error.message))
      await checkpointer.end()`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { cwd: copy },
    )
    expect(stdout).toContain('made one\nINVALID_OPTIONS')
    expect(stdout).toContain('npm install ioredis')
  })
})
