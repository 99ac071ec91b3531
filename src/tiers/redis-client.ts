/** The ioredis client: the caller's, used as it is, or one made here, with options that make it fail fast. */
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'
import { LazyRedis } from './lazy-redis.ts'
import type { RedisClient } from './redis-commands.ts'

/**
 * Options for a client that is made here: ioredis's `RedisOptions`. They override the defaults that make it fail fast, but
 * for `lazyConnect` and `retryStrategy`: the client connects when it is used.
 */
export interface RedisClientOptions {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
  readonly username?: string | null | undefined
  readonly password?: string | null | undefined
  readonly db?: number | undefined
  readonly tls?: object | undefined
}

/** Where Redis is: a URL, options for a client that is made here, or a client. */
export type RedisConnection =
  | string
  | RedisClient
  | RedisClientOptions
  | (RedisClientOptions & { readonly [option: string]: unknown })

/** A client, and what may be done with it. With a client of the caller, only commands are sent. */
export interface RedisLink {
  readonly client: RedisClient
  /** @throws OptionsError where the client has to be made here, and ioredis is not installed or refuses its options */
  load(): Promise<unknown>
  /** Connects where there is no connection. @returns a promise until it is made or failed, which never rejects */
  connect(): Promise<void> | undefined
  /** Gives up a connection that does not answer. The operating system would take a quarter of an hour to notice. */
  dropConnection(): void
  close(): void
  /** Why the last connection failed, if one has; of a client of the caller it is not known. */
  problem(): string | undefined
}

/** @throws OptionsError where the connection can't be used. It never holds a password. */
export function openRedis(connection: RedisConnection, timeoutMs: number): RedisLink {
  if (typeof connection === 'string') {
    requireUrl(connection)
    return ownLink(new LazyRedis(connection, ownOptions({}, timeoutMs)))
  }
  if (typeof connection !== 'object' || connection === null) {
    throw new OptionsError('redis', `${MUST_BE} Got ${kindOf(connection)}.`)
  }
  if (isClient(connection)) return callersLink(connection)
  // A client of another package would be taken for options, and Redis looked for on this machine.
  if ('connect' in connection || 'sendCommand' in connection) throw new OptionsError('redis', MUST_BE)
  return ownLink(new LazyRedis(ownOptions(connection, timeoutMs)))
}

/** What went wrong, without the arguments of a command: Redis repeats those of one it does not know, passwords included. */
export function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/,? with args beginning with[^]*/, '')
}

/** ioredis is given only URLs that it can parse: the error of `new URL` holds the URL, and the password with it. */
function requireUrl(text: string): void {
  if (!/^rediss?:\/\/./.test(text))
    throw new OptionsError('redis', 'must be a URL that begins with redis:// or rediss://.')
  const url = URL.canParse(text) && isDecodable(text) ? new URL(text) : undefined
  // An @ further on ends a password with a / ? or # in it, the rest of which would be taken for a database or options.
  if (url === undefined || `${url.pathname}${url.search}${url.hash}`.includes('@')) {
    throw new OptionsError(
      'redis',
      'is not a valid URL. It is not repeated here, as it may hold a password. Percent-encode the characters : / ? # @ % in user name and password.',
    )
  }
}

/** Whether every % begins the code of a character. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const MUST_BE = 'must be a URL, options for ioredis, or a Redis or Cluster of ioredis 5 or 6.'

function isClient(connection: object): connection is RedisClient {
  return ['mgetBuffer', 'set', 'unlink'].every(
    (method) => typeof (connection as Record<string, unknown>)[method] === 'function',
  )
}

/**
 * With its own defaults, ioredis keeps a command for a stopped Redis for more than 45 s; with these it has 51 ms, one to
 * an absent Redis fails at once, and the client is usable as soon as Redis is. Nothing is sent late or twice.
 */
function ownOptions(given: object, timeoutMs: number): object {
  return {
    connectionName: 'langgraph-pg-checkpointer',
    connectTimeout: Math.max(250, 5 * timeoutMs),
    commandTimeout: 2 * timeoutMs, // for its handshake; our commands have our own timer
    disconnectTimeout: 250,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    keepAlive: 10_000,
    sentinelRetryStrategy: null,
    ...given,
    lazyConnect: true,
    // A timer that connects again and again would keep the process alive. Each use of the client connects it where it must.
    retryStrategy: null,
  }
}

function callersLink(client: RedisClient): RedisLink {
  return {
    client,
    load: async () => {},
    connect: () => undefined,
    dropConnection() {},
    close() {},
    problem: () => undefined,
  }
}

/** In these states a client does nothing until it is told to connect: it never has, or its connection has ended. */
const UNCONNECTED: ReadonlySet<string> = new Set(['wait', 'end'])

function ownLink(client: LazyRedis): RedisLink {
  let problem: string | undefined
  // Without a listener ioredis prints each failed attempt to connect. Failures are counted where commands fail.
  client.on('error', (error) => (problem = problemOf(error)))
  client.on('connect', () => {
    problem = undefined
    // The connection does not keep the process alive. A command that waits for its reply does, by its timer.
    client.stream?.unref?.()
  })
  let connecting: Promise<void> | undefined
  let isClosed = false
  return {
    client,
    load: () => client.load(),
    connect() {
      if (!isClosed && connecting === undefined && UNCONNECTED.has(client.status)) connecting = begin()
      return connecting
    },
    dropConnection() {
      if (client.status === 'ready') client.disconnect()
    },
    close() {
      isClosed = true
      client.disconnect()
    },
    problem: () => problem,
  }
  async function begin(): Promise<void> {
    await client.connect().catch(() => {}) // the command that waits for it fails by the client's status
    connecting = undefined
  }
}
