/** Brings a database to the schema version that this release needs: once, whichever process comes first. */
import { CheckpointerError, SchemaOutdatedError, SchemaTooNewError } from '../errors.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import { quoteIdentifier, quoteLiteral } from './identifier.ts'
import {
  functionStatements,
  MIGRATIONS,
  migrationStatements,
  type Migration,
  type ServerFeatures,
} from './migrations.ts'
import { sqlStateOf } from './transient.ts'

/**
 * - `auto` the first use migrates, where needed
 * - `check` the first use rejects where the schema is not current; for roles that may not create tables
 * - `off` nothing is looked at
 */
export type MigrationMode = 'auto' | 'check' | 'off'

/** The oldest Postgres that works (lz4 came with it). */
const OLDEST_POSTGRES = 140_000

/**
 * One cheap SELECT where the schema is current; else all that is missing, in one transaction under a lock.
 * @param migrations those of this release; tests also migrate to made-up versions
 */
export async function migrate(
  driver: PgDriver,
  schema: string,
  mode: MigrationMode,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  if (mode === 'off') return
  const needed = migrations.length
  const version = await foundVersion(driver, schema, needed)
  if (version >= needed) return
  if (mode === 'check') {
    if (version === 0) await requireNoOthersTables(driver, schema)
    throw new SchemaOutdatedError(schema, version, needed)
  }
  await driver.transaction(async (tx) => {
    await tx.query(lockSql(schema))
    const found = await foundVersion(driver, schema, needed, tx)
    if (found >= needed) return
    const { role, ...server } = await serverFeatures(tx)
    // Asked first: `create schema if not exists` needs the right to create one even where it exists.
    const isPresent = await isSchemaPresent(tx, schema, found)
    if (found === 0) await requireNoOthersTables(tx, schema)
    try {
      for (const statement of statementsFrom(schema, found, server, !isPresent, migrations)) await tx.query(statement)
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error
      const problem = ` The role "${role}" may not create what is missing (42501).`
      throw new SchemaOutdatedError(schema, found, needed, problem, { cause: error })
    }
  })
}

/** All statements, for people who run migrations themselves; `from` is the version that is there already. */
export function migrationSql(options: { schema: string; from: number; server: ServerFeatures }): string {
  const { schema, from, server } = options
  const statements = [lockSql(schema), ...statementsFrom(schema, from, server, true, MIGRATIONS)]
  return ['begin', ...statements, 'commit'].map((statement) => `${statement};\n`).join('\n')
}

/** Transaction-level, so that it works behind a pooler and ends with the transaction, however that ends. */
function lockSql(schema: string): string {
  return `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`langgraph-pg-checkpointer:${schema}`)}, 0))`
}

function statementsFrom(
  schema: string,
  found: number,
  server: ServerFeatures,
  createSchema: boolean,
  migrations: readonly Migration[],
): string[] {
  const ledger = `${quoteIdentifier(schema)}.migrations`
  const statements: string[] = []
  if (found === 0) {
    if (createSchema) statements.push(`create schema if not exists ${quoteIdentifier(schema)}`)
    statements.push(
      `create table ${ledger} (\n  version integer primary key,\n  name text not null,\n  requires integer not null,\n  applied_at timestamptz not null\n)`,
    )
  }
  for (const migration of migrations.slice(found)) {
    statements.push(...migrationStatements(migration, schema, server))
    const { version, name, requires } = migration
    statements.push(
      `insert into ${ledger} (version, name, requires, applied_at) values (${version}, '${name}', ${requires}, pg_catalog.now())`,
    )
  }
  return [...statements, ...functionStatements(schema)]
}

/**
 * Whether the schema exists. Without tables of this package in it, it must belong to a role that could do in this database
 * what it likes anyway, or to the current role: the owner of a schema can replace whatever is made in it.
 */
async function isSchemaPresent(tx: PgQueryable, schema: string, found: number): Promise<boolean> {
  const [row] = await tx.query(
    `select o.rolname as owner, o.rolname = current_user or o.rolname = 'pg_database_owner'
            or pg_catalog.pg_has_role(o.oid, d.datdba, 'member') -- also true where the owner is a superuser
            or (not me.rolsuper and pg_catalog.pg_has_role(o.oid, 'member')) as is_trusted -- a superuser counts as a member of all
     from pg_catalog.pg_namespace n
     join pg_catalog.pg_roles o on o.oid = n.nspowner
     join pg_catalog.pg_roles me on me.rolname = current_user
     join pg_catalog.pg_database d on d.datname = pg_catalog.current_database()
     where n.nspname = $1`,
    [schema],
  )
  if (found === 0 && row?.['is_trusted'] === false) {
    refuse(
      `The schema "${schema}" belongs to the role "${String(row['owner'])}", which could read and change what is stored in it. Drop it if it is not meant for this package, change its owner (alter schema … owner to …), run setup() as its owner, or use another name with the option "schema".`,
    )
  }
  return row !== undefined
}

/** Tables of PostgresSaver, by which its schema is recognised. */
const POSTGRES_SAVER_TABLES: readonly string[] = ['checkpoint_blobs', 'checkpoint_migrations', 'checkpoint_writes']
/** Tables that a schema without our ledger must not have. */
const OWN_TABLES: readonly string[] = ['threads', 'checkpoints', 'writes', 'parts']

/** Refuses a schema in which another program has tables of the names that are needed here, before anything is made. */
async function requireNoOthersTables(queryable: PgQueryable, schema: string): Promise<void> {
  const rows = await queryable.query(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2::text[]) order by 1`,
    [schema, [...OWN_TABLES, ...POSTGRES_SAVER_TABLES]],
  )
  const names = rows.map((row) => String(row['name']))
  if (names.length > 0) refuseOthersTables(schema, names)
}

function refuseOthersTables(schema: string, names: readonly string[]): never {
  const isPostgresSavers = names.some((name) => POSTGRES_SAVER_TABLES.includes(name))
  const whose = isPostgresSavers ? 'PostgresSaver of @langchain/langgraph-checkpoint-postgres' : 'another program'
  refuse(
    `The schema "${schema}" has tables of ${whose} (${names.join(', ')}). Choose another schema with the option "schema"; nothing else should be in it.`,
  )
}

/** The version that the ledger tells; 0 where there is none. */
async function foundVersion(driver: PgDriver, schema: string, needed: number, tx?: PgQueryable): Promise<number> {
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
    if (sqlStateOf(error) === '42703') refuseOthersTables(schema, ['migrations']) // it has other columns
    throw error
  }
  requireServer(row as Row)
  const found = Number(row?.['version'] ?? 0)
  if (Number(row?.['requires'] ?? 0) > needed) throw new SchemaTooNewError(schema, found, needed)
  return found
}

async function serverFeatures(tx: PgQueryable): Promise<ServerFeatures & { readonly role: string }> {
  const [row] = await tx.query(
    `select current_setting('server_version_num')::integer as server, current_setting('server_encoding') as encoding,
            current_setting('transaction_isolation') as isolation, current_user::text as role,
            coalesce((select 'lz4' = any (enumvals) from pg_catalog.pg_settings where name = 'default_toast_compression'), false) as lz4`,
  )
  requireServer(row as Row)
  return { lz4: row?.['lz4'] === true, role: String(row?.['role']) }
}

/** Refuses a server on which the functions in sql/ would not work as they must. */
function requireServer(row: Row): void {
  const [server, encoding, isolation] = [Number(row['server']), String(row['encoding']), String(row['isolation'])]
  if (server < OLDEST_POSTGRES) refuse(`Postgres ${server} is too old. Use Postgres 14 or newer.`)
  if (encoding !== 'UTF8') refuse(`The database's encoding is ${encoding}. Create one with encoding UTF8.`)
  if (isolation !== 'read committed') {
    refuse(
      `The default transaction isolation is ${isolation}; after a lock wait the functions must see fresh rows. Set default_transaction_isolation to 'read committed' for this role.`,
    )
  }
}

function refuse(problem: string): never {
  throw new CheckpointerError('SERVER_UNSUITABLE', problem)
}

/** No such table, no such schema. */
function isMissing(error: unknown): boolean {
  const code = sqlStateOf(error)
  return code === '42P01' || code === '3F000'
}
