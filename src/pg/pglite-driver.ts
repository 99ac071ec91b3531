import { within } from '../deadline.ts'
import type { PgDriver, Row } from './driver.ts'
import { hideContent } from './hide-content.ts'

/** A PGlite database, as far as it is used here. */
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
    server: undefined,
    connections: Number.POSITIVE_INFINITY, // it queues by itself, and there are no round trips to save
    query: async (text, params = [], attempt) => {
      if (attempt !== undefined) attempt.isInDoubt = true
      const answer = db.query(text, [...params]).catch((error: unknown) => {
        if (attempt !== undefined) attempt.isInDoubt = false
        hideContent(error)
        throw error
      })
      return rowsOf(await within(answer, { ms: attempt?.leftMs(), budget: attempt?.budget }))
    },
    transaction: (work) =>
      db.transaction((tx) => work({ query: async (text, params = []) => rowsOf(await tx.query(text, [...params])) })),
    end: async () => {},
  }
}
