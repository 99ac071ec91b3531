/** What a pool is opened with. Written out here, as the types of node-postgres are a package of their own, `@types/pg`. */
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { OptionNames } from '../options/names.ts'

/**
 * Options of node-postgres for a pool that is opened here, without those of which this package takes care. A
 * `pg.PoolConfig` is one. Times are in milliseconds unless their name says seconds.
 */
export interface PgPoolConfig {
  /** A URL, `postgres://user:password@host:port/database`. The fields below replace what it says. */
  readonly connectionString?: string | undefined
  readonly user?: string | undefined
  readonly database?: string | undefined
  /** The password, or a function that is asked for one at each new connection. */
  readonly password?: string | (() => string | Promise<string>) | undefined
  /** @default 5432 */
  readonly port?: number | undefined
  /** A name, an address, or the directory of a Unix socket. @default "localhost" */
  readonly host?: string | undefined
  /** `true`, or options of `tls.connect`. */
  readonly ssl?: boolean | ConnectionOptions | undefined
  readonly sslnegotiation?: 'postgres' | 'direct' | undefined
  readonly enableChannelBinding?: boolean | undefined
  /** How many connections may be open. @default 10 */
  readonly max?: number | undefined
  /** How many connections stay open when idle. @default 0 */
  readonly min?: number | undefined
  /** How long an idle connection stays open; 0 or null: for ever. @default 10000 */
  readonly idleTimeoutMillis?: number | null | undefined
  /** How long a new connection is waited for. @default the option `connectTimeoutMs` of the checkpointer */
  readonly connectionTimeoutMillis?: number | undefined
  /** After how many uses a connection is replaced. */
  readonly maxUses?: number | undefined
  readonly maxLifetimeSeconds?: number | undefined
  /** Whether the process may end while connections are idle. @default true */
  readonly allowExitOnIdle?: boolean | undefined
  /** @default "langgraph-pg-checkpointer" */
  readonly application_name?: string | undefined
  readonly fallback_application_name?: string | undefined
  /** Parameters of the session, as the command line of Postgres takes them: `-c search_path=…`. */
  readonly options?: string | undefined
  readonly client_encoding?: string | undefined
  readonly statement_timeout?: number | false | undefined
  readonly query_timeout?: number | undefined
  readonly lock_timeout?: number | undefined
  readonly idle_in_transaction_session_timeout?: number | undefined
  /** @default true */
  readonly keepAlive?: boolean | undefined
  /** @default 10000 */
  readonly keepAliveInitialDelayMillis?: number | undefined
  readonly pipeline?: boolean | undefined
  /** Makes the socket of a connection, for instance through a tunnel. */
  readonly stream?: (() => Duplex | undefined) | undefined
  /** How columns are parsed. What this package reads must stay as node-postgres parses it by itself. */
  readonly types?: { readonly getTypeParser: (...parameters: never[]) => unknown } | undefined
  readonly log?: ((...messages: unknown[]) => void) | undefined
  readonly Promise?: PromiseConstructorLike | undefined
  /** The class of the connections, for instance one that signs in to a cloud. */
  readonly Client?: (new () => object) | undefined
  /** Called with each new connection, before its first use. */
  readonly onConnect?: Hook<[client: PgSession]> | undefined
  /** Called with each new connection; with an error, `done` refuses it. */
  readonly verify?: Hook<[client: PgSession, done: (error?: Error) => void]> | undefined
}

export const POOL_OPTIONS: OptionNames<PgPoolConfig> = {
  connectionString: true,
  user: true,
  database: true,
  password: true,
  port: true,
  host: true,
  ssl: true,
  sslnegotiation: true,
  enableChannelBinding: true,
  max: true,
  min: true,
  idleTimeoutMillis: true,
  connectionTimeoutMillis: true,
  maxUses: true,
  maxLifetimeSeconds: true,
  allowExitOnIdle: true,
  application_name: true,
  fallback_application_name: true,
  options: true,
  client_encoding: true,
  statement_timeout: true,
  query_timeout: true,
  lock_timeout: true,
  idle_in_transaction_session_timeout: true,
  keepAlive: true,
  keepAliveInitialDelayMillis: true,
  pipeline: true,
  stream: true,
  types: true,
  log: true,
  Promise: true,
  Client: true,
  onConnect: true,
  verify: true,
}

/** A connection as the functions in a `PgPoolConfig` get it. */
export interface PgSession {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** A function whose parameters may be named more exactly than here, as those of `pg.PoolConfig` are. */
type Hook<Parameters extends unknown[]> = { call(...parameters: Parameters): unknown }['call']
