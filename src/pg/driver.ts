/** The smallest thing that we ask of Postgres: run a statement, and several in one transaction. */
import { OptionsError } from '../errors.ts'
import { openPGlite, type PGliteLike } from './pglite-driver.ts'
import type { PgPoolConfig } from './pool-config.ts'
import { ownPool, PoolDriver, type PgPool, type PoolSettings } from './pool-driver.ts'
import type { Attempt } from './retry.ts'

/** A row as the driver gives it; every statement says which columns it returns. */
export type Row = Record<string, unknown>

export interface PgQueryable {
  /**
   * Runs one statement, once. Rejects with the driver's error, which carries the SQLSTATE as `code`.
   * @param attempt of a `Retrier`; without one the statement has all the time that the limits give it
   */
  query(text: string, params?: readonly unknown[], attempt?: Attempt): Promise<readonly Row[]>
}

export interface PgDriver extends PgQueryable {
  /** Statements that may run at a time; more wait. Infinite where it can't be told. */
  readonly connections: number
  /** Commits when `work` resolves, else rolls back; the first error is the one that is reported. */
  transaction<Result>(work: (tx: PgQueryable) => Promise<Result>): Promise<Result>
  /** Closes what was opened here; a borrowed pool or database stays open. */
  end(): Promise<void>
}

/** Where the database is: a connection string, options of a pool that will be ours, a pool of yours, or a PGlite. */
export type PgConnection = string | PgPoolConfig | PgPool | PGliteLike

export function openDriver(connection: PgConnection, settings: PoolSettings): PgDriver {
  // node-postgres would take it for the local server.
  if (connection === '')
    throw new OptionsError('connection', 'must not be an empty string. Is the environment variable set?')
  if (typeof connection === 'string')
    return new PoolDriver(ownPool({ connectionString: connection }, settings), true, settings)
  if (typeof connection !== 'object' || connection === null) {
    throw new OptionsError('connection', 'must be a connection string, a pg.PoolConfig, a pg.Pool or a PGlite.')
  }
  if (isPGlite(connection)) return openPGlite(connection)
  return isPool(connection)
    ? new PoolDriver(connection, false, settings)
    : new PoolDriver(ownPool(connection, settings), true, settings)
}

function isPGlite(connection: object): connection is PGliteLike {
  return 'waitReady' in connection && 'transaction' in connection
}

function isPool(connection: object): connection is PgPool {
  return 'connect' in connection && typeof connection.connect === 'function'
}
