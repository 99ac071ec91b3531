/** All that is asked of a way to Postgres: to run a statement, and several in one transaction. */
import type { Attempt } from './attempt.ts'

/** A row as the driver gives it; every statement says which columns it returns. */
export type Row = Record<string, unknown>

export interface PgQueryable {
  /**
   * Runs one statement, once. Rejects with the driver's error, which carries the SQLSTATE as `code`.
   * @param attempt of a `Retrier`; without one the statement has all the time that the driver's limits give it
   */
  query(text: string, params?: readonly unknown[], attempt?: Attempt): Promise<readonly Row[]>
}

export interface PgDriver extends PgQueryable {
  /** Host and port, where they are known. */
  readonly server: string | undefined
  /** Statements that may run at a time; more wait. Infinite where it can't be told. */
  readonly connections: number
  /** Commits when `work` resolves, else rolls back; the first error is the one that is reported. */
  transaction<Result>(work: (tx: PgQueryable) => Promise<Result>): Promise<Result>
  /** Closes what was opened here; a pool or database that was passed in stays open. */
  end(): Promise<void>
}
