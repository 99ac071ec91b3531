import { problemOfId } from './address.ts'
import { Checkpointer, COMMON_OPTIONS, type CheckpointerOptions } from './checkpointer.ts'
import { within } from './deadline.ts'
import { OptionsError } from './errors.ts'
import { assess, type Health } from './observe/health.ts'
import { Meter, type CommonStats } from './observe/meter.ts'
import { Observer } from './observe/observer.ts'
import type { TransferStats } from './observe/transfer-stats.ts'
import { requireArgument } from './options/argument.ts'
import { requireKnownNames, type OptionNames } from './options/names.ts'
import { requireBoolean, requireObject, requireOneOf, requireWhole } from './options/values.ts'
import { CallRunner } from './pg/call-runner.ts'
import type { PgDriver } from './pg/driver.ts'
import { checkPostgres } from './pg/health.ts'
import { requireSchemaName } from './pg/identifier.ts'
import { CallMerger } from './pg/merger.ts'
import { MigrateFirst } from './pg/migrate-first.ts'
import { migrationSql, type MigrationMode } from './pg/migrate.ts'
import { SCHEMA_VERSION } from './pg/migrations.ts'
import { openDriver, requireArguments, type PgConnection } from './pg/open-driver.ts'
import { SETUP_STATEMENT_MS } from './pg/pool-driver.ts'
import { Retrier, type Limits } from './pg/retry.ts'
import { PgStore } from './store/pg-store.ts'
import type { LruTierStats } from './tiers/lru-tier.ts'
import { PartLadder } from './tiers/part-ladder.ts'
import type { RedisTierStats } from './tiers/redis-tier.ts'
import { openTiers, TIER_OPTIONS, type TierOptions, type Tiers } from './tiers/tier-options.ts'

export interface PgCheckpointerOptions extends CheckpointerOptions, TierOptions {
  /**
   * Where Postgres is: a connection string, options for a pool that the checkpointer opens and closes, a `pg.Pool` that you
   * opened (it is never ended here, and has an `error` listener until `end()`), or a PGlite.
   */
  readonly connection: PgConnection
  /** The schema of the tables; nothing else should be in it. @default "langgraph" */
  readonly schema?: string | undefined
  /**
   * Separates the tenants of one schema: nothing of another tenant can be read or written. At most 64 bytes.
   * @default ""
   */
  readonly tenant?: string | undefined
  /**
   * `auto`: the first use creates and updates the tables. `check`: it rejects where they are not current, for roles
   * that may not create tables. `off`: nothing is looked at.
   * @default "auto"
   */
  readonly migrations?: MigrationMode | undefined
  /**
   * How long, in milliseconds, a call goes on trying while Postgres is restarting, failing over, or out of reach; then it
   * rejects with `UnavailableError`. Usual failovers take 30 to 120 s. A call ends within the longest of this,
   * `connectTimeoutMs` and `statementTimeoutMs`, counted from when it was made: waiting for an earlier call of the thread is
   * in it, and time in which the process stood still is not. A put that moves more than one statement takes (16 MB) has
   * that time once, too. 0: one attempt.
   * @default 60000
   */
  readonly retryMs?: number | undefined
  /** How long an attempt waits for a connection, a free one of the pool's or a new one, in milliseconds. @default 10000 */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long an attempt waits for the answer to one statement, in milliseconds. After it the connection is destroyed:
   * the server may have disappeared without closing it. @default 10000
   */
  readonly statementTimeoutMs?: number | undefined
  /**
   * Prepares our statements once a connection, by name: a put takes 0.26 ms instead of 0.30, a warm getTuple 0.17 instead
   * of 0.22 (loopback, without the disk). For direct connections: a pooler in transaction mode may give the next
   * statement to a server that does not know the name. @default false
   */
  readonly preparedStatements?: boolean | undefined
}

const OPTIONS: OptionNames<PgCheckpointerOptions> = {
  ...COMMON_OPTIONS,
  ...TIER_OPTIONS,
  connection: true,
  schema: true,
  tenant: true,
  migrations: true,
  retryMs: true,
  connectTimeoutMs: true,
  statementTimeoutMs: true,
  preparedStatements: true,
}

/** What `PgCheckpointer.stats()` tells. */
export interface PgStats extends CommonStats, TransferStats {
  /** In this process; undefined where `cacheBytes` is 0. */
  readonly memory: LruTierStats | undefined
  /** Undefined where no Redis is used. */
  readonly redis: RedisTierStats | undefined
}

/** The longest tenant, in UTF-8 bytes; see MAX_ID_BYTES. */
const MAX_TENANT_BYTES = 64
/** The longest time that a timer can measure. */
const MAX_MS = 2 ** 31 - 1
const END_MS = 5000

/**
 * A checkpointer on Postgres. Pass it to `compile({ checkpointer })`; tables are created on first use.
 *
 * ```ts
 * const checkpointer = new PgCheckpointer({ connection: 'postgres://localhost/app' })
 * const app = graph.compile({ checkpointer })
 * ```
 */
export class PgCheckpointer extends Checkpointer implements AsyncDisposable {
  readonly #driver: PgDriver
  readonly #schema: string
  readonly #database: MigrateFirst
  readonly #limits: Limits
  readonly #observer: Observer
  readonly #tiers: Tiers
  readonly #meter: Meter

  constructor(options: PgCheckpointerOptions) {
    requireArguments(arguments)
    requireKnownNames(options, OPTIONS)
    // Defaults stand for undefined only: null is refused.
    const { schema: name = 'langgraph', tenant = '', migrations = 'auto', preparedStatements = false } = options
    const schema = requireSchemaName(name)
    requireTenant(tenant)
    const mode = requireOneOf('migrations', migrations, ['auto', 'check', 'off'])
    requireBoolean('preparedStatements', preparedStatements)
    const limits = limitsOf(options)
    const tiers = openTiers(options, tenant)
    const meter = new Meter()
    const driver = openDriver(options.connection, { ...limits, preparedStatements, meter })
    const database = new MigrateFirst(driver, schema, mode, async () => tiers.redis?.load())
    const retrier = new Retrier(limits, meter, driver.server)
    const calls = new CallRunner(new CallMerger(database, schema, driver.connections), retrier)
    const observer = new Observer(meter, 'PgCheckpointer')
    super(options, observer, {
      store: new PgStore(calls, meter, tenant),
      tiers: new PartLadder(tiers.all),
      meter,
      newBudget: () => retrier.newBudget(),
    })
    this.#driver = driver
    this.#schema = schema
    this.#database = database
    this.#limits = limits
    this.#observer = observer
    this.#tiers = tiers
    this.#meter = meter
  }

  /** As users of PostgresSaver know it. */
  static fromConnString(
    connectionString: string,
    options: Omit<PgCheckpointerOptions, 'connection'> = {},
  ): PgCheckpointer {
    requireArgument([options], 'PgCheckpointer.fromConnString(url, { serde })')
    return new PgCheckpointer({ ...options, connection: connectionString })
  }

  /**
   * The SQL that `setup()` would run, for people who run migrations themselves.
   *
   * @param options.lz4 whether the server was built with lz4: 'lz4' is among the enumvals of default_toast_compression in
   * pg_settings
   * @param options.from the schema version that is there already; default 0, none
   */
  static migrationSql(options: { schema?: string; from?: number; lz4: boolean }): string {
    requireKnownNames(requireObject('options', options), { schema: true, from: true, lz4: true })
    const { schema = 'langgraph', from = 0, lz4 } = options
    requireWhole('from', from, 0, SCHEMA_VERSION)
    return migrationSql({ schema: requireSchemaName(schema), from, server: { lz4: requireBoolean('lz4', lz4) } })
  }

  /**
   * Creates and updates the tables. Optional: the first use does it, unless `migrations` says otherwise. One cheap
   * SELECT where all is current; any number of callers at once is fine.
   * @throws SchemaTooNewError where a newer release migrated the database
   */
  async setup(): Promise<void> {
    const retrier = new Retrier(
      { ...this.#limits, statementTimeoutMs: SETUP_STATEMENT_MS },
      this.#meter,
      this.#driver.server,
    )
    await retrier.run({ operation: 'setup' }, (attempt) =>
      within(this.#database.migrate('auto'), { ms: attempt.leftMs(), budget: attempt.budget, what: 'The schema' }),
    )
  }

  /** How Postgres and Redis are. Takes up to five seconds where one of them does not answer; never rejects. */
  async health(): Promise<Health> {
    const [postgres, redis] = await Promise.all([
      checkPostgres(this.#driver, this.#schema),
      this.#tiers.redis?.health(),
    ])
    return assess(postgres, redis)
  }

  /** What this checkpointer has done since it was made. */
  stats(): PgStats {
    return {
      ...this.#meter.common(),
      ...this.#meter.transfer(),
      memory: this.#tiers.memory?.stats(),
      redis: this.#tiers.redis?.stats(),
    }
  }

  /** Waits for what is under way, up to five seconds, and closes the pool and the Redis client, if they were opened here. */
  async end(): Promise<void> {
    await within(this.#observer.allEnded(), { ms: END_MS }).catch(() => {}) // the time is up
    this.#database.close()
    await Promise.all([this.#driver.end(), this.#tiers.redis?.end()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}

function limitsOf({
  retryMs = 60_000,
  connectTimeoutMs = 10_000,
  statementTimeoutMs = 10_000,
}: PgCheckpointerOptions): Limits {
  const limits = { retryMs, connectTimeoutMs, statementTimeoutMs }
  for (const [option, ms] of Object.entries(limits)) {
    const least = option === 'retryMs' ? 0 : 1
    requireWhole(option, ms, least, MAX_MS)
  }
  return Object.freeze(limits)
}

function requireTenant(tenant: unknown): void {
  const problem = tenant === '' ? undefined : problemOfId(tenant, MAX_TENANT_BYTES)
  if (problem !== undefined) throw new OptionsError('tenant', problem)
}
