/** Statements over a pool of connections: every wait has an end, and no connection that broke is used again. */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { Countdown } from '../deadline.ts'
import type { Meter } from '../observe/meter.ts'
import { Attempt } from './attempt.ts'
import { CheckedOutClient } from './checked-out-client.ts'
import { ClientRequests } from './client-requests.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import type { PgPool, PgStatement } from './pool.ts'
import { listenToPool } from './pool-listener.ts'
import type { PgPoolConfig } from './pool-config.ts'
import type { Limits } from './retry.ts'

export interface PoolSettings extends Pick<Limits, 'connectTimeoutMs' | 'statementTimeoutMs'> {
  readonly preparedStatements: boolean
  readonly meter: Meter
}

/** Migrations may rewrite tables, and wait for another process that is migrating. */
export const SETUP_STATEMENT_MS: number = 10 * 60_000
/** A rollback that does not come: the connection is destroyed, which rolls back, too. */
const ROLLBACK_MS = 1000

export function ownPool(config: PgPoolConfig, { connectTimeoutMs }: PoolSettings): PgPool {
  const pool = new pg.Pool({
    application_name: 'langgraph-pg-checkpointer',
    connectionTimeoutMillis: connectTimeoutMs,
    // The operating system finds out that an idle peer is gone, so that the next call doesn't have to.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // A program that has done its work ends, also where it does not call end().
    allowExitOnIdle: true,
    ...(config as pg.PoolConfig),
  })
  // A connection that drops is no error: the pool opens another. Without listeners it would end the process.
  pool.on('connect', (client) => void client.on('error', ignore))
  return pool
}

function ignore(): void {}

export class PoolDriver implements PgDriver {
  readonly server: string | undefined
  readonly connections: number
  readonly #pool: PgPool
  readonly #requests: ClientRequests
  readonly #isOwn: boolean
  readonly #stopListening: () => void
  readonly #settings: PoolSettings
  readonly #names = new Map<string, string>()
  #ended: Promise<void> | undefined

  constructor(pool: PgPool, isOwn: boolean, settings: PoolSettings) {
    this.server = serverOf(pool)
    this.connections = connectionsOf(pool)
    this.#pool = pool
    this.#requests = new ClientRequests(pool)
    this.#isOwn = isOwn
    this.#stopListening = listenToPool(pool)
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
    // A pool that was opened here may have an error until it is closed.
    if (!this.#isOwn) this.#stopListening()
    this.#ended ??= this.#isOwn ? this.#pool.end() : Promise.resolve()
    return this.#ended
  }

  #checkOut(attempt: Attempt): Promise<CheckedOutClient> {
    return new Promise((resolve, reject) => {
      const countdown = new Countdown(attempt.budget)
      let giveUp: (() => void) | undefined
      countdown.start(Math.min(this.#settings.connectTimeoutMs, attempt.leftMs()), 'A connection', (error) => {
        giveUp?.()
        reject(error)
      })
      giveUp = this.#requests.ask((error, client) => {
        if (client !== undefined && !attempt.isOver) {
          resolve(new CheckedOutClient(client, attempt, countdown, this.#settings.meter))
          return
        }
        countdown.stop()
        client?.release()
        reject(error ?? new Error('The statement was abandoned before it was sent.'))
      })
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

/** As node-postgres understands the options, connection string and environment included. */
function serverOf(pool: object): string | undefined {
  const { options } = pool as { options?: pg.PoolConfig }
  if (typeof options !== 'object') return undefined
  try {
    const { host, port } = new pg.Client(options)
    return host.startsWith('/') ? host : `${host}:${port}`
  } catch {
    return undefined
  }
}
