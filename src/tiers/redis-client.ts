/** The ioredis client: yours, used as it is, or one of ours, made to fail fast. */
import { OptionsError } from '../errors.ts'
import { LazyRedis } from './lazy-redis.ts'

/** What we use of a `Redis` or `Cluster` of ioredis, 5 or 6. No listener is added, and it is never closed here. */
export interface RedisClient {
  readonly status: string
  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>
  set(key: string, value: string | Buffer, px: 'PX', milliseconds: number, nx: 'NX'): Promise<'OK' | null>
  unlink(keys: string[]): Promise<number>
}

/** Options for a client that will be ours: ioredis's `RedisOptions`. They go before our own, which make it fail fast. */
export interface RedisClientOptions {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
  readonly username?: string | null | undefined
  readonly password?: string | null | undefined
  readonly db?: number | undefined
  readonly tls?: object | undefined
}

/** Where Redis is: a URL, options of a client that will be ours, or a client of yours. */
export type RedisConnection =
  | string
  | RedisClient
  | RedisClientOptions
  | (RedisClientOptions & { readonly [option: string]: unknown })

/** A client, and what may be done with it. For one of yours, that is nothing but to send commands. */
export interface RedisLink {
  readonly client: RedisClient
  /** @throws OptionsError where ioredis is needed and not installed */
  load(): Promise<unknown>
  /** Begins to connect where that has not begun. A promise while it goes on, which never rejects; then undefined. */
  connect(): Promise<void> | undefined
  /** Replaces a connection that does not answer. The operating system would take a quarter of an hour to notice. */
  reconnect(): void
  close(): void
}

/** A client as we make it. */
export interface OwnClient extends RedisClient {
  connect(): Promise<void>
  disconnect(reconnect?: boolean): void
  on(event: 'error', listener: () => void): unknown
}

/** @throws OptionsError where it is nothing we can use */
export function openRedis(connection: RedisConnection, timeoutMs: number): RedisLink {
  if (typeof connection === 'string') {
    if (!/^rediss?:\/\/./.test(connection))
      throw new OptionsError('redis', 'must be a URL that begins with redis:// or rediss://.')
    return ownLink(new LazyRedis(connection, ownOptions({}, timeoutMs)))
  }
  if (typeof connection !== 'object' || connection === null) throw new OptionsError('redis', MUST_BE)
  if (isClient(connection))
    return { client: connection, load: async () => {}, connect: () => undefined, reconnect() {}, close() {} }
  // A client of another package would be taken for options, and Redis looked for on this machine.
  if ('connect' in connection || 'sendCommand' in connection) throw new OptionsError('redis', MUST_BE)
  return ownLink(new LazyRedis(ownOptions(connection, timeoutMs)))
}

const MUST_BE = 'must be a URL, options for ioredis, or a Redis or Cluster of ioredis 5 or 6.'

function isClient(connection: object): connection is RedisClient {
  return ['mgetBuffer', 'set', 'unlink'].every(
    (method) => typeof (connection as Record<string, unknown>)[method] === 'function',
  )
}

/**
 * With its own defaults, ioredis keeps a command for a stopped Redis for more than 45 s; with these it has 51 ms, one to
 * an absent Redis fails at once, and the client is usable 0.4 s after a restart. Nothing is sent late or twice.
 */
function ownOptions(given: object, timeoutMs: number): object {
  return {
    connectionName: 'langgraph-pg-checkpointer',
    connectTimeout: Math.max(250, 5 * timeoutMs),
    commandTimeout: 2 * timeoutMs, // for its handshake; commands of ours have our own timer
    disconnectTimeout: 250,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    keepAlive: 10_000,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    ...given,
    lazyConnect: true,
  }
}

function ownLink(client: LazyRedis): RedisLink {
  // Without a listener ioredis prints each failed attempt to connect. Failures are counted where commands fail.
  client.on('error', () => {})
  let connecting: Promise<void> | undefined
  return {
    client,
    load: () => client.load(),
    connect() {
      if (client.status !== 'wait') return connecting
      connecting = begin()
      return connecting
    },
    reconnect() {
      if (client.status === 'ready') client.disconnect(true)
    },
    close: () => client.disconnect(),
  }
  async function begin(): Promise<void> {
    await client.connect().catch(() => {}) // the command that waits for it will tell
    connecting = undefined
  }
}
