import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../examples/support/free-port.ts'
import { startServer, type ServerProcess } from '../../examples/support/server-process.ts'
import { inDockerOr } from './docker.ts'
import type { Service } from './service.ts'

/** The Redis for the tests: the one we are told of, or one in Docker, or `redis-server` from the PATH. */
export async function findRedis(): Promise<Service> {
  const given = process.env['TEST_REDIS_URL']
  if (given) return { url: given, origin: `TEST_REDIS_URL, ${await versionAt(given)}`, async stop() {} }
  const service = await inDockerOr(startRedis, 'redis:8', inDocker)
  return { ...service, origin: `${service.origin}, ${await versionAt(service.url)}` }
}

async function inDocker(image: string): Promise<Service> {
  const { GenericContainer } = await import('testcontainers')
  const container = await new GenericContainer(image).withExposedPorts(6379).start()
  const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`
  return { url, origin: 'Docker', stop: async () => void (await container.stop()) }
}

export interface RedisServer extends Service {
  readonly pid: number
  readonly port: number
}

/**
 * A Redis of our own, without persistence. Tests that kill or stall one start their own.
 * @param settings as in redis.conf; with a `port`, only that one is tried
 */
export async function startRedis(settings: Readonly<Record<string, string | number>> = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'checkpointer-redis-'))
  try {
    for (let attempt = 1; ; attempt++) {
      const port = Number(settings['port'] ?? (await freePort()))
      const url = `redis://127.0.0.1:${port}`
      const flags = { bind: '127.0.0.1', save: '', appendonly: 'no', dir, daemonize: 'no', ...settings, port }
      const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`])
      const server = await startServer({ program: 'redis-server', args, temporaryDirs: [dir] })
      const stop = (): Promise<void> => server.stop('SIGKILL') // nothing to save
      if (await answers(url, server)) {
        const stopAndRemove = async (): Promise<void> => {
          await stop()
          await rm(dir, { recursive: true, force: true })
        }
        return { url, port, pid: server.pid, origin: 'redis-server', stop: stopAndRemove }
      }
      await stop()
      // Another program may have taken the port in the meantime.
      if (attempt === 3 || settings['port'] !== undefined) throw new Error(`redis-server does not answer at ${url}.`)
    }
  } catch (cause) {
    await rm(dir, { recursive: true, force: true })
    throw new Error(`redis-server does not start here. ${REMEDY}`, { cause })
  }
}

async function answers(url: string, server: ServerProcess): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && !server.hasExited;) {
    try {
      await versionAt(url)
      return true
    } catch {
      await Promise.race([sleep(20), server.exited])
    }
  }
  return false
}

const REMEDY = `Install it, start one in Docker, or name one:
  sudo apt-get install -y redis-server    (Debian, Ubuntu)    brew install redis    (macOS)
  docker run --rm -d -p 6379:6379 redis:8
  TEST_REDIS_URL=redis://localhost:6379 npm test`

async function versionAt(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return `Redis ${/redis_version:(\S+)/.exec(await client.info('server'))?.[1]}`
  } catch (cause) {
    throw new Error(`No Redis answers at ${url}. ${REMEDY}`, { cause })
  } finally {
    client.disconnect()
  }
}
