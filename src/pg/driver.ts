/** The smallest thing that we ask of Postgres: run a statement, and several in one transaction. */
import pg from 'pg'
import { OptionsError } from '../errors.ts'

/** A row as the driver gives it; every statement says which columns it returns. */
export type Row = Record<string, unknown>

export interface PgQueryable {
  /** Runs one unnamed statement. Rejects with the driver's error, which carries the SQLSTATE as `code`. */
  query(text: string, params?: readonly unknown[]): Promise<readonly Row[]>
}

export interface PgDriver extends PgQueryable {
  /** Commits when `work` resolves, else rolls back; the first error is the one that is reported. */
  transaction<Result>(work: (tx: PgQueryable) => Promise<Result>): Promise<Result>
  /** Closes what was opened here; a borrowed pool or database stays open. */
  end(): Promise<void>
}

/** What we use of a `pg.Pool`. */
export interface PgPool {
  connect(): Promise<PgPoolClient>
  end(): Promise<void>
}

/** What we use of a client of a `pg.Pool`. */
export interface PgPoolClient {
  query(text: string, params?: unknown[]): Promise<{ rows: Row[] }>
  release(error?: Error | boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** What we use of a PGlite database. */
export interface PGliteLike {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>
  transaction<Result>(work: (tx: { query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }> }) => Promise<Result>): Promise<Result>
  readonly waitReady: Promise<void>
}

/** Where the database is: a connection string, options of a pool that will be ours, a pool of yours, or a PGlite. */
export type PgConnection = string | pg.PoolConfig | PgPool | PGliteLike

export function openDriver(connection: PgConnection): PgDriver {
  if (typeof connection === 'string') return poolDriver(ownPool({ connectionString: connection }), true)
  if (typeof connection !== 'object' || connection === null) {
    throw new OptionsError('connection', 'must be a connection string, a pg.PoolConfig, a pg.Pool or a PGlite.')
  }
  if (isPGlite(connection)) return pgliteDriver(connection)
  return isPool(connection) ? poolDriver(connection, false) : poolDriver(ownPool(connection), true)
}

function isPGlite(connection: object): connection is PGliteLike {
  return 'waitReady' in connection && 'transaction' in connection
}

function isPool(connection: object): connection is PgPool {
  return 'connect' in connection && typeof connection.connect === 'function'
}

function ownPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ application_name: 'langgraph-pg-checkpointer', keepAlive: true, ...config })
  // An idle connection that drops is no error: the pool opens another. Without a listener it would end the process.
  pool.on('error', () => {})
  return pool
}

function poolDriver(pool: PgPool, isOwn: boolean): PgDriver {
  let ended: Promise<void> | undefined
  return {
    query: (text, params) => withClient(pool, (client) => client.query(text, params)),
    transaction: (work) => withClient(pool, (client) => inTransaction(client, work)),
    end: () => (ended ??= isOwn ? pool.end() : Promise.resolve()),
  }
}

/** A client with an error listener while it is ours, as a connection that drops would else end the process. */
async function withClient<Result>(pool: PgPool, work: (client: PgQueryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  let broken: Error | undefined
  const note = (error: Error) => {
    broken ??= error
  }
  client.on('error', note)
  try {
    return await work({ query: async (text, params = []) => (await client.query(text, [...params])).rows })
  } catch (error) {
    // Only an answer of the server (it has a SQLSTATE) leaves the connection in a known state.
    if (!(error instanceof Error) || !('code' in error && 'severity' in error)) broken ??= error as Error
    throw broken ?? error
  } finally {
    client.removeListener('error', note)
    client.release(broken)
  }
}

async function inTransaction<Result>(client: PgQueryable, work: (tx: PgQueryable) => Promise<Result>): Promise<Result> {
  await client.query('begin')
  try {
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

function pgliteDriver(db: PGliteLike): PgDriver {
  const rowsOf = (result: { rows: unknown[] }) => result.rows as Row[]
  return {
    query: async (text, params = []) => rowsOf(await db.query(text, [...params])),
    transaction: (work) => db.transaction((tx) => work({ query: async (text, params = []) => rowsOf(await tx.query(text, [...params])) })),
    end: async () => {},
  }
}
