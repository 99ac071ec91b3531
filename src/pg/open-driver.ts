/** Chooses the driver for a connection. */
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'
import { requireArgument } from '../options/argument.ts'
import { requireNoMisspeltNames } from '../options/names.ts'
import { requireConnectionString } from './connection-string.ts'
import type { PgDriver } from './driver.ts'
import { openPGlite, type PGliteLike } from './pglite-driver.ts'
import type { PgPool } from './pool.ts'
import { POOL_OPTIONS, type PgPoolConfig } from './pool-config.ts'
import { ownPool, PoolDriver, type PoolSettings } from './pool-driver.ts'

/** Where the database is: a connection string, options for a pool that is opened and closed here, a pool of the caller, or a PGlite. */
export type PgConnection = string | PgPoolConfig | PgPool | PGliteLike

/**
 * The arguments of the constructor: one object of options.
 * @throws OptionsError that says how to pass what was given instead
 */
export function requireArguments(given: ArrayLike<unknown>): void {
  const [first] = Array.from(given)
  if (first === undefined) refuseMissing(': the constructor got no options')
  if (typeof first === 'string') {
    throw new OptionsError('connection', 'is missing: the constructor got a string. Pass { connection: url }.')
  }
  if (typeof first === 'object' && first !== null) {
    const got = isPGlite(first) ? 'a PGlite' : isClient(first) ? 'a pg.Client' : isPool(first) ? 'a pool' : undefined
    if (got !== undefined) {
      const remedy = got === 'a PGlite' ? 'Pass { connection: db }' : 'Pass { connection: pool }'
      throw new OptionsError(
        'connection',
        `is missing: the constructor got ${got}. ${got === 'a pg.Client' ? 'Make a pg.Pool. ' : ''}${remedy}; a serializer goes with it, as the option serde.`,
      )
    }
  }
  requireArgument(given, 'new PgCheckpointer({ connection, serde })')
}

export function openDriver(connection: PgConnection | undefined, settings: PoolSettings): PgDriver {
  if (connection === undefined) refuseMissing('; got undefined')
  if (typeof connection === 'string') {
    requireConnectionString('connection', connection)
    return new PoolDriver(ownPool({ connectionString: connection }, settings), true, settings)
  }
  if (typeof connection !== 'object' || connection === null || Array.isArray(connection)) {
    throw new OptionsError('connection', `can't be used; got ${kindOf(connection)}. ${MUST_BE}`)
  }
  if (isPGlite(connection)) return openPGlite(connection)
  if (isClient(connection)) throw new OptionsError('connection', `can't be used; got a pg.Client. ${MUST_BE}`)
  if (isPool(connection)) return new PoolDriver(connection, false, settings)
  // A name that node-postgres does not know leads to the server on this machine. Others are for its newer releases.
  requireNoMisspeltNames(connection, POOL_OPTIONS, 'connection')
  // Also where it is there and undefined, without a host: the server on this machine is hardly what is meant.
  const { connectionString, host } = connection
  if (Object.hasOwn(connection, 'connectionString') && (connectionString !== undefined || host === undefined))
    requireConnectionString('connection.connectionString', connectionString)
  return new PoolDriver(ownPool(connection, settings), true, settings)
}

const MUST_BE = 'Pass a connection string, a pg.PoolConfig, a pg.Pool or a PGlite.'

function refuseMissing(why: string): never {
  throw new OptionsError(
    'connection',
    `is missing${why}. ${MUST_BE} If it comes from an environment variable, such as DATABASE_URL, check that it is set.`,
  )
}

/** It has one connection, which could not be replaced when it breaks. */
function isClient(connection: object): boolean {
  return 'connectionParameters' in connection && 'connect' in connection
}

function isPGlite(connection: object): connection is PGliteLike {
  return 'waitReady' in connection && 'transaction' in connection
}

function isPool(connection: object): connection is PgPool {
  return 'connect' in connection && typeof connection.connect === 'function'
}
