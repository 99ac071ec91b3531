import { within } from '../deadline.ts'
import type { PgDriver, Row } from './driver.ts'

/** What we use of a PGlite database. */
export interface PGliteLike {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>
  transaction<Result>(
    work: (tx: { query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }> }) => Promise<Result>,
  ): Promise<Result>
  readonly waitReady: Promise<void>
}

/** A database in this process: no connection to lose, nothing to wait for. */
export function openPGlite(db: PGliteLike): PgDriver {
  const rowsOf = (result: { rows: unknown[] }) => result.rows as Row[]
  return {
    connections: Number.POSITIVE_INFINITY, // it queues by itself, and no round trip is saved by company
    query: async (text, params = [], attempt) => {
      if (attempt !== undefined) attempt.isInDoubt = true
      const answer = db.query(text, [...params]).catch((error: unknown) => {
        if (attempt !== undefined) attempt.isInDoubt = false
        throw error
      })
      return rowsOf(await within(answer, { ms: attempt?.leftMs() }))
    },
    transaction: (work) =>
      db.transaction((tx) => work({ query: async (text, params = []) => rowsOf(await tx.query(text, [...params])) })),
    end: async () => {},
  }
}
