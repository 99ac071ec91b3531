/** The connection to Redis that a tier opens itself: it keeps no program alive, and no error of it shows a password. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { Redis } from 'ioredis'
import { Part } from '../../src/codec/part.ts'
import { CheckpointerError, PgCheckpointer } from '../../src/index.ts'
import { redisUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis } from '../support/redis.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'
import { newPrefix, redisTier } from '../support/tiers.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const THREAD = 'a thread'
const PREFIX = newPrefix()
const PARTS = Array.from({ length: 50 }, (_, i) => Part.of('t', `text ${i}`))
const namesOf = (parts: readonly Part[]) => parts.map((part) => part.name)

describe('a program without end()', () => {
  /** Runs a program that has `tier`, a tier at this URL. Killed after 20 s. @returns what it printed */
  const run = async (url: string, program: string): Promise<string> => {
    const source = `
      import { setTimeout as sleep } from 'node:timers/promises'
      import { redisTier } from '${ROOT}test/support/tiers.ts'
      import { Redis } from 'ioredis'
import { Part } from '${ROOT}src/codec/part.ts'
      const tier = redisTier('${url}', { timeoutMs: 500, prefix: '${PREFIX}' })
      const parts = Array.from({ length: 50 }, (_, i) => Part.of('t', 'text ' + i))
      const names = parts.map((part) => part.name)
      ${program}`
    const args = ['--import', 'tsx', '--input-type=module', '-e', source]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 20_000 })
    return stdout.trim()
  }

  test('ends when its work is done, after it has sent what it offered', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    await run(server.url, `tier.offer('${THREAD}', parts)`)
    const tier = redisTier(server.url, { prefix: PREFIX })
    expect(await tier.get(THREAD, namesOf(PARTS))).toHaveLength(PARTS.length)
    await tier.end()
  })

  test('ends where Redis is absent', async () => {
    const server = await startRedis()
    await server.stop()
    const program = `
      for (let i = 0; i < 10; i++) await tier.get('${THREAD}', names)
      console.log(tier.stats().breaker)`
    expect(await run(server.url, program)).toBe('open')
  })

  test('ends where Redis does not answer', async () => {
    const proxy = await startProxy(targetOf(redisUrl(), 6379))
    onTestFinished(() => proxy.stop())
    proxy.blackHole()
    const program = `
      const found = await tier.get('${THREAD}', names)
      console.log(found.length, tier.stats().errors)`
    expect(await run(proxy.through(redisUrl()), program)).toBe('0 1')
  })

  test('ends after its connection was cut and made again', async () => {
    const proxy = await startProxy(targetOf(redisUrl(), 6379))
    onTestFinished(() => proxy.stop())
    const cutTheFirst = async () => {
      await eventually(() => proxy.accepted > 0, 'the program connected', 20_000)
      const cutting = setInterval(() => proxy.cut(), 100)
      await eventually(() => proxy.accepted > 1, 'the program connected again').finally(() => clearInterval(cutting))
    }
    const program = `
      for (const end = Date.now() + 1000; Date.now() < end; await sleep(20)) await tier.get('${THREAD}', names)
      console.log('done')`
    const [printed] = await Promise.all([run(proxy.through(redisUrl()), program), cutTheFirst()])
    expect(printed).toBe('done')
  })
})

describe('after end()', () => {
  test('a tier has no parts, takes none and sends nothing', async () => {
    const tier = redisTier(redisUrl())
    const [parts, names] = [PARTS.slice(0, 3), namesOf(PARTS.slice(0, 3))]
    tier.offer(THREAD, parts)
    await tier.settled()
    expect(await tier.get(THREAD, names)).toHaveLength(3)
    await tier.end()
    const { errors, hits, misses, fills } = tier.stats()
    expect(tier.isUsable()).toBe(false)
    expect(await tier.get(THREAD, names)).toEqual([])
    tier.offer(THREAD, parts)
    tier.forget(THREAD, names)
    await tier.settled()
    expect(tier.stats()).toMatchObject({ errors, hits, misses, fills, fillsDropped: 3 })
    expect(await tier.health()).toMatchObject({ reachable: false, error: expect.stringContaining('end()') })
    await tier.end()
  })

  test('a tier that was never used is not connected any more', async () => {
    const tier = redisTier(redisUrl())
    await tier.end()
    expect(await tier.health()).toMatchObject({ reachable: false })
  })
})

describe('a password', () => {
  const connection = 'postgres://localhost/none'
  const SECRET = 'hunter2'

  test.each([
    `redis://user:${SECRET}@host:port`,
    `redis://user:${SECRET}@`,
    `redis://user:${SECRET}/more@host`,
    `redis://user:12/${SECRET}@host:6379`,
    `redis://:12#${SECRET}@host`,
    `redis://name?${SECRET}@host`,
    `redis://user:${SECRET}%@host`,
    `redis:/user:${SECRET}@host`,
  ])('is nowhere in the error about the URL %s', (redis) => {
    const error = thrownBy(() => new PgCheckpointer({ connection, redis }))
    expect(CheckpointerError.is(error) && error.code).toBe('INVALID_OPTIONS')
    expect(everythingIn(error)).not.toContain(SECRET)
  })

  test('is nowhere in health, whatever Redis says to it', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const admin = new Redis(server.url)
    onTestFinished(() => admin.disconnect())
    await admin.config('SET', 'requirepass', 'another')
    const stranger = await startStranger()
    const urls = [server.port, stranger].flatMap((port) => [
      `redis://user:${SECRET}@127.0.0.1:${port}`,
      `redis://:${SECRET}@127.0.0.1:${port}`,
    ])
    for (const url of urls) {
      const tier = redisTier(url)
      const health = await tier.health()
      expect(health).toMatchObject({ reachable: false, error: expect.stringMatching(/WRONGPASS|unknown command/) })
      expect(everythingIn(health)).not.toContain(SECRET)
      expect(everythingIn(tier)).not.toContain(SECRET)
      await tier.end()
    }
  })
})

/** A server that knows no command and, as Redis does then, repeats the arguments. @returns its port */
async function startStranger(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      for (const command of data
        .toString()
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        const args = command.split('\r\n').filter((_, i) => i % 2 === 1)
        socket.write(`-ERR unknown command, with args beginning with: ${args.join(' ')}\r\n`)
      }
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function thrownBy(make: () => unknown): unknown {
  try {
    make()
    return undefined
  } catch (error) {
    return error
  }
}

/** All that a log may show of a value: hidden properties and causes, too. */
function everythingIn(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, getters: true }) + (value instanceof Error ? value.stack : '')
}
