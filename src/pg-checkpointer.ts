import { requireId } from './address.ts'
import { Checkpointer, type CheckpointerOptions } from './checkpointer.ts'
import { OptionsError } from './errors.ts'
import { openDriver, type PgConnection, type PgDriver, type PgQueryable } from './pg/driver.ts'
import { requireSchemaName } from './pg/identifier.ts'
import { migrate, migrationSql, type MigrationMode } from './pg/migrate.ts'
import { PgStore } from './store/pg-store.ts'
import { LruTier, NO_TIER } from './tiers/lru-tier.ts'

export interface PgCheckpointerOptions extends CheckpointerOptions {
  /**
   * Where Postgres is: a connection string, options for a pool that will be ours, a `pg.Pool` of yours (never ended
   * here), or a PGlite.
   */
  readonly connection: PgConnection
  /** The schema of our tables, and of nothing else. @default "langgraph" */
  readonly schema?: string | undefined
  /**
   * Separates those who share a schema: nothing of another tenant can be read or written. At most 64 bytes.
   * @default ""
   */
  readonly tenant?: string | undefined
  /**
   * `auto`: the first use creates and updates our tables. `check`: it rejects where they are not current, for roles
   * that may not create tables. `off`: nothing is looked at.
   * @default "auto"
   */
  readonly migrations?: MigrationMode | undefined
  /** How much this process may keep of the parts of values, in bytes; 0: nothing. @default 67108864 (64 MiB) */
  readonly cacheBytes?: number | undefined
}

/** The longest tenant, in UTF-8 bytes; see MAX_ID_BYTES. */
const MAX_TENANT_BYTES = 64
const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024

/**
 * A checkpointer on Postgres. Pass it to `compile({ checkpointer })`; tables are created on first use.
 *
 * ```ts
 * const checkpointer = new PgCheckpointer({ connection: process.env.DATABASE_URL })
 * const app = graph.compile({ checkpointer })
 * ```
 */
export class PgCheckpointer extends Checkpointer implements AsyncDisposable {
  readonly #driver: PgDriver
  readonly #schema: string
  readonly #migrations: MigrationMode
  #ready: Promise<void> | undefined

  constructor(options: PgCheckpointerOptions) {
    const schema = requireSchemaName(options.schema ?? 'langgraph')
    const tenant = options.tenant ?? ''
    if (tenant !== '') requireId('tenant', tenant, MAX_TENANT_BYTES)
    const driver = openDriver(options.connection)
    const whenReady: PgQueryable = {
      query: async (text, params) => {
        await this.#whenReady()
        return driver.query(text, params)
      },
    }
    super(new PgStore(whenReady, schema, tenant), tierOf(options.cacheBytes ?? DEFAULT_CACHE_BYTES), options)
    this.#driver = driver
    this.#schema = schema
    this.#migrations = requireMode(options.migrations ?? 'auto')
  }

  /** As users of PostgresSaver know it. */
  static fromConnString(connectionString: string, options: Omit<PgCheckpointerOptions, 'connection'> = {}): PgCheckpointer {
    return new PgCheckpointer({ ...options, connection: connectionString })
  }

  /** The SQL that `setup()` would run, for people who run migrations themselves. */
  static migrationSql(options: { schema?: string; from?: number; serverVersion?: number; lz4?: boolean } = {}): string {
    const { schema = 'langgraph', from = 0, serverVersion = 180_000, lz4 = true } = options
    return migrationSql({ schema: requireSchemaName(schema), from, server: { version: serverVersion, lz4 } })
  }

  /**
   * Creates and updates our tables. Optional: the first use does it, unless `migrations` says otherwise. One cheap
   * SELECT where all is current; any number of callers at once is fine.
   * @throws SchemaTooNewError where a newer release migrated the database
   */
  async setup(): Promise<void> {
    await migrate(this.#driver, this.#schema, 'auto')
    this.#ready = Promise.resolve()
  }

  /** Closes the pool, if it was opened here. */
  end(): Promise<void> {
    return this.#driver.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  /** Looked at once; again after a failure, as the next call may find the database up, or migrated. */
  #whenReady(): Promise<void> {
    this.#ready ??= migrate(this.#driver, this.#schema, this.#migrations).catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }
}

function tierOf(cacheBytes: number): LruTier | typeof NO_TIER {
  if (!Number.isInteger(cacheBytes) || cacheBytes < 0) throw new OptionsError('cacheBytes', `must be a whole number of at least 0; got ${cacheBytes}.`)
  return cacheBytes === 0 ? NO_TIER : new LruTier(cacheBytes)
}

function requireMode(mode: unknown): MigrationMode {
  if (mode === 'auto' || mode === 'check' || mode === 'off') return mode
  throw new OptionsError('migrations', 'must be "auto", "check" or "off".')
}
