/** The migrations and the functions, by name: no directory is scanned, so a stray file changes nothing. */
import { hash } from 'node:crypto'
import { SQL } from './generated/sql.ts'
import { quoteIdentifier } from './identifier.ts'

export interface Migration {
  readonly version: number
  readonly name: string
  /** The changes to tables, columns and indexes. */
  readonly sql: string
  /** The oldest schema version that a release must know to work with the tables after this migration. */
  readonly requires: number
  /** The digest of the functions of this version, as `functionsDigest` makes it. */
  readonly functions: string
}

/**
 * A function is changed by a new migration, even if its file is empty: databases at the newest version are not looked at again. Before
 * a version is released, its digest here may still be brought up to date.
 */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: '0001_storage', sql: SQL['0001_storage'], requires: 1, functions: '2OKyYYKcPWycthuwIBGHU7' },
]

/** The schema version that this release needs. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/** The files below sql/functions, in an order in which each function comes after those that it calls. */
const FUNCTION_FILES = ['checkpoints', 'threads'] as const

/** What a server can do that the SQL depends on. */
export interface ServerFeatures {
  readonly lz4: boolean
}

/** A migration's statements for a schema and a server. */
export function migrationStatements(migration: Migration, schema: string, server: ServerFeatures): string[] {
  return statementsOf(migration.sql, schema, server)
}

/** The statements that make all functions, or make them again as they are now. */
export function functionStatements(schema: string): string[] {
  return FUNCTION_FILES.flatMap((file) => statementsOf(SQL[`functions/${file}`], schema, { lz4: false }))
}

/** Of the text of all functions. */
export function functionsDigest(): string {
  const texts = FUNCTION_FILES.map((file) => SQL[`functions/${file}`])
  return hash('sha256', texts.join('\n'), 'base64url').slice(0, 22)
}

function statementsOf(sql: string, schema: string, server: ServerFeatures): string[] {
  const tag = bodyTag(schema)
  return sql
    .split(/^--;;$/m)
    .map((statement) =>
      statement
        .replaceAll(' :lz4', server.lz4 ? ' compression lz4' : '')
        .replaceAll('$BODY$', () => tag)
        // Last, as the name may look like one of the others; by a function, as `$$` in a text would mean `$`.
        .replaceAll(':schema', () => quoteIdentifier(schema))
        .trim(),
    )
    .filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '')
}

/** What the bodies of functions stand between: nothing that the schema's name has in it, as that would end them. */
function bodyTag(schema: string): string {
  let tag = '$BODY$'
  while (schema.includes(tag)) tag = tag.replace(/\$$/, '_$$')
  return tag
}
