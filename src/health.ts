/** How the servers are, told rather than thrown. */
import type { PgDriver, Row } from './pg/driver.ts'
import { SCHEMA_VERSION } from './pg/migrations.ts'
import { quoteIdentifier } from './pg/identifier.ts'
import type { Attempt } from './pg/retry.ts'
import { sqlStateOf } from './pg/transient.ts'
import type { RedisHealth } from './tiers/redis-tier.ts'

/** What `PgCheckpointer.health()` tells. */
export interface Health {
  /** Postgres can be read and written, and has our tables as this release needs them. Redis never counts. */
  readonly healthy: boolean
  readonly postgres: PostgresHealth
  /** Left out where no Redis is used. */
  readonly redis?: RedisHealth
  /** What should be looked into, in sentences; the reasons where `healthy` is false come first. */
  readonly warnings: readonly string[]
}

export interface PostgresHealth {
  readonly reachable: boolean
  /** From the question to the answer, in milliseconds, with a new connection where none was idle. */
  readonly latencyMs: number
  /** The rest is there if Postgres was reached. For example "18.4". */
  readonly serverVersion?: string
  /** 0: no tables of ours. Left out where the role may not look. */
  readonly schemaVersion?: number
  /** The schema version that this release needs. */
  readonly neededSchemaVersion: number
  /** Can't be written, and may be behind. */
  readonly isStandby?: boolean
  /** The settings without which an acknowledged checkpoint may be lost: `on` is what should be there. */
  readonly synchronousCommit?: string
  readonly fsync?: string
  readonly fullPageWrites?: string
  /** Why it could not be reached. */
  readonly error?: unknown
}

/** Long enough for a busy server, short enough for a probe. */
const HEALTH_MS = 5000

/** Asks once, without a second attempt; never rejects. */
export async function checkPostgres(driver: PgDriver, schema: string): Promise<PostgresHealth> {
  const attempt = attemptOf(HEALTH_MS)
  const began = performance.now()
  const neededSchemaVersion = SCHEMA_VERSION
  let row: Row | undefined
  try {
    ;[row] = await driver.query(
      `select current_setting('server_version') as server_version, pg_catalog.pg_is_in_recovery() as is_standby,
              current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
              current_setting('full_page_writes') as full_page_writes`,
      [],
      attempt,
    )
  } catch (error) {
    return { reachable: false, latencyMs: performance.now() - began, neededSchemaVersion, error }
  }
  const latencyMs = performance.now() - began
  const schemaVersion = await schemaVersionOf(driver, schema, attempt)
  return {
    reachable: true,
    latencyMs,
    serverVersion: String(row?.['server_version']),
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
    neededSchemaVersion,
    isStandby: row?.['is_standby'] === true,
    synchronousCommit: String(row?.['synchronous_commit']),
    fsync: String(row?.['fsync']),
    fullPageWrites: String(row?.['full_page_writes']),
  }
}

/** The verdict over what was found. */
export function judge(postgres: PostgresHealth, redis: RedisHealth | undefined): Health {
  const problems = problemsOf(postgres)
  const risks = risksOf(postgres)
  if (redis?.reachable === false) risks.push('Redis is out of reach: all parts are read from Postgres.')
  return { healthy: problems.length === 0, postgres, ...(redis && { redis }), warnings: [...problems, ...risks] }
}

function problemsOf({ reachable, isStandby, schemaVersion, neededSchemaVersion }: PostgresHealth): string[] {
  if (!reachable) return ['Postgres is out of reach.']
  const problems: string[] = []
  if (isStandby === true)
    problems.push("Postgres is a standby: it can't be written, and may be behind. Connect to the primary.")
  if (schemaVersion !== undefined && schemaVersion < neededSchemaVersion) {
    problems.push(`The schema is at version ${schemaVersion}, this release needs ${neededSchemaVersion}. Call setup().`)
  }
  return problems
}

function risksOf({ reachable, synchronousCommit, fsync, fullPageWrites, schemaVersion }: PostgresHealth): string[] {
  if (!reachable) return []
  const risks: string[] = []
  if (schemaVersion === undefined) risks.push("The schema version can't be read with this role.")
  if (synchronousCommit === 'off') {
    risks.push(
      'synchronous_commit is off: a crash of Postgres loses what was acknowledged in the last moments. Set it to on for this role or database.',
    )
  }
  if (fsync === 'off') risks.push('fsync is off: a crash of the machine can destroy the database. Set it to on.')
  if (fullPageWrites === 'off')
    risks.push('full_page_writes is off: a crash of the machine can leave torn pages. Set it to on.')
  return risks
}

async function schemaVersionOf(driver: PgDriver, schema: string, attempt: Attempt): Promise<number | undefined> {
  try {
    const [row] = await driver.query(
      `select max(version) as version from ${quoteIdentifier(schema)}.migrations`,
      [],
      attempt,
    )
    return Number(row?.['version'] ?? 0)
  } catch (error) {
    const state = sqlStateOf(error)
    return state === '42P01' || state === '3F000' ? 0 : undefined
  }
}

function attemptOf(ms: number): Attempt {
  const end = performance.now() + ms
  return { isOver: false, isInDoubt: false, leftMs: () => Math.max(1, end - performance.now()) }
}
