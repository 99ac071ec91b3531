/** The migrations, by name: no directory is scanned, so a stray file changes nothing. */
import { SQL, type SqlFile } from './generated/sql.ts'
import { quoteIdentifier } from './identifier.ts'

export interface Migration {
  readonly version: number
  /** The file below sql/, without its ending. */
  readonly name: SqlFile
  /** The oldest schema version that a release must know to work with the tables after this migration. */
  readonly requires: number
}

export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: '0001_storage', requires: 1 }]

/** The schema version that this release needs. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/** What a server can do that the SQL depends on. */
export interface ServerFeatures {
  /** As `server_version_num`: 180004 is 18.4. */
  readonly version: number
  readonly lz4: boolean
}

/** A migration's statements for a schema and a server. */
export function migrationStatements(migration: Migration, schema: string, server: ServerFeatures): string[] {
  return SQL[migration.name]
    .split(/^--;;$/m)
    .filter((statement) => !/^-- only when server_version < 160000$/m.test(statement) || server.version < 160_000)
    .map((statement) =>
      statement
        .replaceAll(':schema', () => quoteIdentifier(schema)) // a function, as `$$` in a text would mean `$`
        .replaceAll(' :main', server.version >= 160_000 ? ' storage main' : '')
        .replaceAll(' :lz4', server.lz4 ? ' compression lz4' : '')
        .trim(),
    )
}
