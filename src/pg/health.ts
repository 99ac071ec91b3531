/** Asks Postgres how it is: what it answers is told, and failures are not thrown. */
import { Budget } from '../deadline.ts'
import type { PostgresHealth } from '../observe/health.ts'
import { Attempt } from './attempt.ts'
import type { PgDriver } from './driver.ts'
import { CALLS, INNER_FUNCTIONS } from './calls.ts'
import { asWritten, quoteIdentifier } from './identifier.ts'
import { SCHEMA_VERSION } from './migrations.ts'
import { sqlStateOf } from './transient.ts'

const FUNCTIONS: readonly string[] = [...CALLS.map(({ name }) => name), ...INNER_FUNCTIONS]

/** Long enough for a busy server, short enough for a probe. */
const HEALTH_MS = 5000

/** Asks once, without a second attempt; never rejects. */
export async function checkPostgres(driver: PgDriver, schema: string): Promise<PostgresHealth> {
  const attempt = new Attempt(new Budget(HEALTH_MS))
  const began = performance.now()
  const neededSchemaVersion = SCHEMA_VERSION
  let latencyMs: number | undefined
  try {
    const [row] = await driver.query(
      `select pg_catalog.current_setting('server_version') as server_version, pg_catalog.pg_is_in_recovery() as is_standby,
              pg_catalog.current_setting('synchronous_commit') as synchronous_commit, pg_catalog.current_setting('fsync') as fsync,
              pg_catalog.current_setting('full_page_writes') as full_page_writes, pg_catalog.current_setting('transaction_isolation') as isolation,
              pg_catalog.current_setting('transaction_read_only') as read_only`,
      [],
      attempt,
    )
    latencyMs = performance.now() - began
    const ledger = await ledgerOf(driver, schema, attempt)
    const missingRights = ledger?.version === 0 ? [] : await missingRightsOf(driver, schema, attempt)
    return {
      reachable: true,
      latencyMs,
      serverVersion: String(row?.['server_version']),
      ...(ledger === undefined ? {} : { schemaVersion: ledger.version, requiredRelease: ledger.requires }),
      neededSchemaVersion,
      isStandby: row?.['is_standby'] === true,
      isReadOnly: row?.['read_only'] === 'on',
      isolation: String(row?.['isolation']),
      missingRights,
      synchronousCommit: String(row?.['synchronous_commit']),
      fsync: String(row?.['fsync']),
      fullPageWrites: String(row?.['full_page_writes']),
    }
  } catch (error) {
    return { reachable: false, latencyMs: latencyMs ?? performance.now() - began, neededSchemaVersion, error }
  }
}

/** What the functions do to the tables, as the role that calls them. */
const TABLE_RIGHTS = {
  migrations: 'select',
  threads: 'select,insert,update',
  checkpoints: 'select,insert,update,delete',
  writes: 'select,insert,update,delete',
  parts: 'select,insert,delete',
}

/** Functions that are missing, and rights that this role lacks, in the words of GRANT. */
async function missingRightsOf(driver: PgDriver, schema: string, attempt: Attempt): Promise<readonly string[]> {
  const tables = Object.entries(TABLE_RIGHTS).flatMap(([table, rights]) =>
    rights.split(',').map((right) => ({ table, right })),
  )
  const [row] = await driver.query(
    `select pg_catalog.has_schema_privilege(n.oid, 'usage') as usage,
            array(select f.name from pg_catalog.unnest($2::text[]) as f(name) where not exists (
              select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = f.name)) as absent,
            array(select f.name from pg_catalog.unnest($2::text[]) as f(name) join pg_catalog.pg_proc p
              on p.pronamespace = n.oid and p.proname = f.name
              where not pg_catalog.has_function_privilege(p.oid, 'execute')) as locked,
            array(select distinct t.name from pg_catalog.unnest($3::text[]) as t(name) where not exists (
              select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = t.name)) as absent_tables,
            array(select t.privilege || ' on ' || t.name from rows from (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[])) as t(name, privilege)
              join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.name
              where not pg_catalog.has_table_privilege(c.oid, t.privilege)) as tables
     from pg_catalog.pg_namespace n where n.nspname = $1`,
    [schema, FUNCTIONS, tables.map(({ table }) => table), tables.map(({ right }) => right)],
    attempt,
  )
  if (row === undefined) return []
  const list = (column: string) => row[column] as readonly string[]
  return [
    ...(row['usage'] === true ? [] : [`usage on schema ${asWritten(schema)}`]),
    ...list('absent_tables').map((name) => `table ${name}, which is missing`),
    ...list('absent').map((name) => `function ${name}, which is missing`),
    ...list('locked').map((name) => `execute on function ${name}`),
    ...list('tables'),
  ]
}

/** What the table of migrations says; undefined where this role may not read it. */
async function ledgerOf(
  driver: PgDriver,
  schema: string,
  attempt: Attempt,
): Promise<{ readonly version: number; readonly requires: number } | undefined> {
  try {
    const [row] = await driver.query(
      `select pg_catalog.max(version) as version, pg_catalog.max(requires) as requires from ${quoteIdentifier(schema)}.migrations`,
      [],
      attempt,
    )
    return { version: Number(row?.['version'] ?? 0), requires: Number(row?.['requires'] ?? 0) }
  } catch (error) {
    const state = sqlStateOf(error)
    if (state === '42P01' || state === '3F000') return { version: 0, requires: 0 }
    if (state === '42501') return undefined
    throw error
  }
}
