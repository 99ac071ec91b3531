/** The part of node-postgres's pool that is used here: any pool with these methods will do. */
import type { Row } from './driver.ts'

/** A `pg.Pool`, as far as it is used here. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): unknown
  end(): Promise<void>
  /** An idle connection that drops is such an event. */
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

/** A client of a `pg.Pool`, as far as it is used here. */
export interface PgPoolClient {
  query(statement: PgStatement): Promise<{ rows: Row[] }>
  release(error?: Error | boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement as node-postgres takes it; one with a name is prepared once a connection. */
export interface PgStatement {
  text: string
  values: unknown[]
  name?: string
}
