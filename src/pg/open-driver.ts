/** Chooses the driver for a connection. */
import { OptionsError } from '../errors.ts'
import type { PgDriver } from './driver.ts'
import { openPGlite, type PGliteLike } from './pglite-driver.ts'
import type { PgPool } from './pool.ts'
import type { PgPoolConfig } from './pool-config.ts'
import { ownPool, PoolDriver, type PoolSettings } from './pool-driver.ts'

/** Where the database is: a connection string, options of a pool that will be ours, a pool of yours, or a PGlite. */
export type PgConnection = string | PgPoolConfig | PgPool | PGliteLike

/** libpq takes `postgres://user:password@one:5432,two:5432/database`. A comma in a password stands before the last @. */
const SEVERAL_HOSTS = /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?[^@/?#]*,/

export function openDriver(connection: PgConnection, settings: PoolSettings): PgDriver {
  // node-postgres would take it for the local server.
  if (connection === '')
    throw new OptionsError('connection', 'must not be an empty string. Is the environment variable set?')
  if (typeof connection === 'string' && SEVERAL_HOSTS.test(connection)) {
    throw new OptionsError(
      'connection',
      'names several hosts, which node-postgres does not support. Name one that always leads to the primary: a virtual address, a DNS name, PgBouncer or HAProxy.',
    )
  }
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
