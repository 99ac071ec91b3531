/** Statements over a pool of connections: every wait has an end, and no connection that broke is used again. */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { Countdown } from '../deadline.ts'
import type { Meter } from '../observe/meter.ts'
import { Attempt } from './attempt.ts'
import { CheckedOutClient } from './checked-out-client.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import type { PgPool, PgPoolClient, PgStatement } from './pool.ts'
import type { Limits } from './retry.ts'

export interface PoolSettings extends Pick<Limits, 'connectTimeoutMs' | 'statementTimeoutMs'> {
  readonly preparedStatements: boolean
  readonly meter: Meter
}

/** Migrations may rewrite tables, and wait for another process that is migrating. */
export const SETUP_STATEMENT_MS: number = 10 * 60_000
/** A rollback that does not come: the connection is destroyed, which rolls back, too. */
const ROLLBACK_MS = 1000

export function ownPool(config: pg.PoolConfig, { connectTimeoutMs }: PoolSettings): pg.Pool {
  const pool = new pg.Pool({
    application_name: 'langgraph-pg-checkpointer',
    connectionTimeoutMillis: connectTimeoutMs,
    // The operating system finds out that an idle peer is gone, so that the next call doesn't have to.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...config,
  })
  // A connection that drops is no error: the pool opens another. Without listeners it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}

export class PoolDriver implements PgDriver {
  readonly connections: number
  readonly #pool: PgPool
  readonly #isOwn: boolean
  readonly #settings: PoolSettings
  readonly #names = new Map<string, string>()
  #ended: Promise<void> | undefined

  constructor(pool: PgPool, isOwn: boolean, settings: PoolSettings) {
    this.connections = connectionsOf(pool)
    this.#pool = pool
    this.#isOwn = isOwn
    this.#settings = settings
  }

  async query(
    text: string,
    params: readonly unknown[] = [],
    attempt: Attempt = new Attempt(),
  ): Promise<readonly Row[]> {
    const statement: PgStatement = { text, values: params as unknown[] }
    if (this.#settings.preparedStatements) statement.name = this.#nameOf(text)
    const client = await this.#checkOut(attempt)
    try {
      return await client.send(statement, this.#settings.statementTimeoutMs)
    } finally {
      client.giveBack()
    }
  }

  async transaction<Result>(work: (tx: PgQueryable) => Promise<Result>): Promise<Result> {
    const client = await this.#checkOut(new Attempt())
    const query = (text: string, params: readonly unknown[] = []) =>
      client.send({ text, values: params as unknown[] }, SETUP_STATEMENT_MS)
    try {
      await query('begin')
      const result = await work({ query })
      await query('commit')
      return result
    } catch (error) {
      if (client.broken === undefined) await client.send({ text: 'rollback', values: [] }, ROLLBACK_MS).catch(() => {})
      throw error
    } finally {
      client.giveBack()
    }
  }

  end(): Promise<void> {
    this.#ended ??= this.#isOwn ? this.#pool.end() : Promise.resolve()
    return this.#ended
  }

  #checkOut(attempt: Attempt): Promise<CheckedOutClient> {
    return new Promise((resolve, reject) => {
      const countdown = new Countdown(attempt.budget)
      let isLate = false
      countdown.start(Math.min(this.#settings.connectTimeoutMs, attempt.leftMs()), 'A connection', (error) => {
        isLate = true
        reject(error)
      })
      const answer = (error: unknown, pooled: PgPoolClient | undefined) => {
        if (pooled === undefined) {
          countdown.stop()
          reject(error)
          return
        }
        const client = new CheckedOutClient(pooled, attempt, countdown, this.#settings.meter)
        if (!isLate && !attempt.isOver) return resolve(client)
        client.giveBack()
        reject(new Error('The statement was abandoned before it was sent.'))
      }
      try {
        // With a callback, which listens before the next message is looked at: it may be the end of the connection.
        const promised: unknown = this.#pool.connect(answer)
        // A pool that takes no callback gives a promise; pg.Pool gives none when it has a callback.
        if (promised instanceof Promise) {
          promised.then(
            (client: PgPoolClient) => answer(undefined, client),
            (error: unknown) => answer(error, undefined),
          )
        }
      } catch (error) {
        answer(error, undefined)
      }
    })
  }

  /** A name stands for one text on all connections, also where two checkpointers share a pool. */
  #nameOf(text: string): string {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `langgraph_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
      this.#names.set(text, name)
    }
    return name
  }
}

/** As `pg.Pool` shows it; another pool may not. */
function connectionsOf(pool: object): number {
  const { options } = pool as { options?: { max?: unknown } }
  return typeof options?.max === 'number' ? options.max : Number.POSITIVE_INFINITY
}
