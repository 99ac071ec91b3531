/** Brings a database to the schema version that this release needs: once, whichever process comes first. */
import { CheckpointerError, SchemaOutdatedError, SchemaTooNewError } from '../errors.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import { quoteIdentifier } from './identifier.ts'
import {
  functionStatements,
  MIGRATIONS,
  migrationStatements,
  SCHEMA_VERSION,
  type ServerFeatures,
} from './migrations.ts'

/**
 * - `auto` the first use migrates, where needed
 * - `check` the first use rejects where the schema is not current; for roles that may not create tables
 * - `off` nothing is looked at
 */
export type MigrationMode = 'auto' | 'check' | 'off'

/** The oldest Postgres that works (lz4 came with it). */
const OLDEST_POSTGRES = 140_000

/** One cheap SELECT where the schema is current; else all that is missing, in one transaction under a lock. */
export async function migrate(driver: PgDriver, schema: string, mode: MigrationMode): Promise<void> {
  if (mode === 'off') return
  const version = await foundVersion(driver, schema)
  if (version >= SCHEMA_VERSION) return
  if (mode === 'check') throw new SchemaOutdatedError(schema, version, SCHEMA_VERSION)
  await driver.transaction(async (tx) => {
    await tx.query(lockSql(schema))
    const found = await foundVersion(driver, schema, tx)
    if (found >= SCHEMA_VERSION) return
    const server = await serverFeatures(tx)
    // Asked first: `create schema if not exists` needs the right to create one even where it exists.
    const present = await tx.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [schema])
    for (const statement of statementsFrom(schema, found, server, present.length === 0)) await tx.query(statement)
  })
}

/** All statements, for people who run migrations themselves; `from` is the version that is there already. */
export function migrationSql(options: { schema: string; from: number; server: ServerFeatures }): string {
  const statements = [lockSql(options.schema), ...statementsFrom(options.schema, options.from, options.server, true)]
  return ['begin', ...statements, 'commit'].map((statement) => `${statement};\n`).join('\n')
}

/** Transaction-level, so that it works behind a pooler and ends with the transaction, however that ends. */
function lockSql(schema: string): string {
  return `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('langgraph-pg-checkpointer:${schema}', 0))`
}

function statementsFrom(schema: string, found: number, server: ServerFeatures, createSchema: boolean): string[] {
  const ledger = `${quoteIdentifier(schema)}.migrations`
  const statements: string[] = []
  if (found === 0) {
    if (createSchema) statements.push(`create schema if not exists ${quoteIdentifier(schema)}`)
    statements.push(
      `create table ${ledger} (\n  version integer primary key,\n  name text not null,\n  requires integer not null,\n  applied_at timestamptz not null\n)`,
    )
  }
  for (const migration of MIGRATIONS.slice(found)) {
    statements.push(...migrationStatements(migration, schema, server))
    const { version, name, requires } = migration
    statements.push(
      `insert into ${ledger} (version, name, requires, applied_at) values (${version}, '${name}', ${requires}, pg_catalog.now())`,
    )
  }
  return [...statements, ...functionStatements(schema)]
}

/** The version that the ledger tells; 0 where there is none. */
async function foundVersion(driver: PgDriver, schema: string, tx?: PgQueryable): Promise<number> {
  const ledger = `${quoteIdentifier(schema)}.migrations`
  // Inside the transaction a missing table would abort it.
  if (tx !== undefined && (await tx.query('select 1 where to_regclass($1) is not null', [ledger])).length === 0)
    return 0
  let row: Row | undefined
  try {
    ;[row] = await (tx ?? driver).query(
      `select max(version) as version, max(requires) as requires,
              current_setting('server_version_num')::integer as server, current_setting('server_encoding') as encoding,
              current_setting('transaction_isolation') as isolation
       from ${ledger}`,
    )
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  requireServer(row as Row)
  const found = Number(row?.['version'] ?? 0)
  if (Number(row?.['requires'] ?? 0) > SCHEMA_VERSION) throw new SchemaTooNewError(schema, found, SCHEMA_VERSION)
  return found
}

async function serverFeatures(tx: PgQueryable): Promise<ServerFeatures> {
  const [row] = await tx.query(
    `select current_setting('server_version_num')::integer as server, current_setting('server_encoding') as encoding,
            current_setting('transaction_isolation') as isolation,
            coalesce((select 'lz4' = any (enumvals) from pg_catalog.pg_settings where name = 'default_toast_compression'), false) as lz4`,
  )
  requireServer(row as Row)
  return { lz4: row?.['lz4'] === true }
}

/** Refuses a server on which the functions in sql/ would not work as they must. */
function requireServer(row: Row): void {
  const refuse = (problem: string) => {
    throw new CheckpointerError('SERVER_UNSUITABLE', problem)
  }
  const [server, encoding, isolation] = [Number(row['server']), String(row['encoding']), String(row['isolation'])]
  if (server < OLDEST_POSTGRES) refuse(`Postgres ${server} is too old. Use Postgres 14 or newer.`)
  if (encoding !== 'UTF8') refuse(`The database's encoding is ${encoding}. Create one with encoding UTF8.`)
  if (isolation !== 'read committed') {
    refuse(
      `The default transaction isolation is ${isolation}; after a lock wait the functions must see fresh rows. Set default_transaction_isolation to 'read committed' for this role.`,
    )
  }
}

/** No such table, no such schema. */
function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === '42P01' || code === '3F000'
}
