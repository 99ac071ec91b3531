/** Looks after the schema before the first statement is sent. */
import { within } from '../deadline.ts'
import { EndedError } from '../errors.ts'
import type { Attempt } from './attempt.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import { migrate, type MigrationMode } from './migrate.ts'

/**
 * A way to Postgres whose first use migrates, or checks, the schema. Looked at once; again after a failure, as the next call
 * may find the database up, or migrated.
 */
export class MigrateFirst implements PgQueryable {
  readonly #driver: PgDriver
  readonly #schema: string
  readonly #mode: MigrationMode
  readonly #before: () => Promise<void>
  #isReady = false
  #isClosed = false
  #whenReady: Promise<void> | undefined

  /** @param before what else has to be there at the first use; it rejects where that is not so */
  constructor(driver: PgDriver, schema: string, mode: MigrationMode, before: () => Promise<void>) {
    this.#driver = driver
    this.#schema = schema
    this.#mode = mode
    this.#before = before
  }

  /** From now on every call is refused. What is under way goes on. */
  close(): void {
    this.#isClosed = true
  }

  async query(text: string, params: readonly unknown[], attempt: Attempt): Promise<readonly Row[]> {
    if (this.#isClosed) throw new EndedError()
    if (!this.#isReady) {
      this.#whenReady ??= this.migrate(this.#mode).finally(() => (this.#whenReady = undefined))
      await within(this.#whenReady, { ms: attempt.leftMs(), budget: attempt.budget, what: 'The schema' })
    }
    return this.#driver.query(text, params, attempt)
  }

  async migrate(mode: MigrationMode): Promise<void> {
    if (this.#isClosed) throw new EndedError()
    await this.#before()
    await migrate(this.#driver, this.#schema, mode)
    this.#isReady = true
  }
}
