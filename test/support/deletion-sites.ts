/** The stores on which threads are deleted, with a look at their rows. */
import pg from 'pg'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from './database.ts'
import type { Rows, Site } from './deletion-rounds.ts'

export function inMemory(checkpointer: InMemoryCheckpointer = new InMemoryCheckpointer()): Site {
  const count = async (threadId: string): Promise<Rows> => {
    const thread = checkpointer.snapshot().threads.find((found) => found.threadId === threadId)
    const writes = (thread?.writes ?? []).reduce((sum, [, some]) => sum + some.length, 0)
    return { checkpoints: thread?.checkpoints.length ?? 0, writes, parts: thread?.parts.length ?? 0 }
  }
  return { checkpointer, other: checkpointer, count }
}

/** A database with two checkpointers, as two processes have them. */
export class PgSite implements Site {
  readonly database: TestDatabase
  readonly checkpointer: PgCheckpointer
  readonly other: PgCheckpointer
  readonly #pool: pg.Pool

  private constructor(database: TestDatabase) {
    this.database = database
    this.checkpointer = new PgCheckpointer({ connection: database.url, schema })
    this.other = new PgCheckpointer({ connection: database.url, schema })
    this.#pool = new pg.Pool({ connectionString: database.url, max: 2 })
  }

  static async open(): Promise<PgSite> {
    return new PgSite(await createDatabase())
  }

  async close(): Promise<void> {
    await Promise.all([this.checkpointer.end(), this.other.end(), this.#pool.end()])
    await this.database.drop()
  }

  readonly count = async (threadId: string): Promise<Rows> => {
    const counts = ['checkpoints', 'writes', 'parts'].map(
      (table) => `(select count(*)::integer from "${schema}".${table} where thread_id = $1) as ${table}`,
    )
    return (await this.#pool.query<Rows>(`select ${counts.join()}`, [threadId])).rows[0]!
  }
}
