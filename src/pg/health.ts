/** Asks Postgres how it is: what it answers is told, and failures are not thrown. */
import { Budget } from '../deadline.ts'
import type { PostgresHealth } from '../observe/health.ts'
import { Attempt } from './attempt.ts'
import type { PgDriver, Row } from './driver.ts'
import { quoteIdentifier } from './identifier.ts'
import { SCHEMA_VERSION } from './migrations.ts'
import { sqlStateOf } from './transient.ts'

/** Long enough for a busy server, short enough for a probe. */
const HEALTH_MS = 5000

/** Asks once, without a second attempt; never rejects. */
export async function checkPostgres(driver: PgDriver, schema: string): Promise<PostgresHealth> {
  const attempt = new Attempt(new Budget(HEALTH_MS))
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
