/** Statements over a pool of connections: every wait has an end, and no connection that broke is used again. */
import { createHash } from 'node:crypto'
import pg from 'pg'
import { Countdown } from '../deadline.ts'
import type { Meter } from '../stats.ts'
import type { PgDriver, PgQueryable, Row } from './driver.ts'
import { hideContent } from './hide-content.ts'
import type { PgPoolConfig } from './pool-config.ts'
import type { Attempt, Limits } from './retry.ts'
import { isOnStandby, isPlainRefusal } from './transient.ts'

/** What we use of a `pg.Pool`. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void
  end(): Promise<void>
}

/** What we use of a client of a `pg.Pool`. */
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

export interface PoolSettings extends Pick<Limits, 'connectTimeoutMs' | 'statementTimeoutMs'> {
  readonly preparedStatements: boolean
  readonly meter: Meter
}

/** Migrations may rewrite tables, and wait for the one who migrates already. */
export const SETUP_STATEMENT_MS: number = 10 * 60_000
/** A rollback that does not come: the connection is destroyed, which rolls back, too. */
const ROLLBACK_MS = 1000

const UNHURRIED: () => Attempt = () => ({ isOver: false, isInDoubt: false, leftMs: () => Number.POSITIVE_INFINITY })

export function ownPool(config: PgPoolConfig, { connectTimeoutMs }: PoolSettings): PgPool {
  const pool = new pg.Pool({
    application_name: 'langgraph-pg-checkpointer',
    connectionTimeoutMillis: connectTimeoutMs,
    // The operating system finds out that an idle peer is gone, so that the next call doesn't have to.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(config as pg.PoolConfig),
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

  async query(text: string, params: readonly unknown[] = [], attempt: Attempt = UNHURRIED()): Promise<readonly Row[]> {
    const statement: PgStatement = { text, values: params as unknown[] }
    if (this.#settings.preparedStatements) statement.name = this.#nameOf(text)
    const lent = await this.#borrow(attempt)
    try {
      return await lent.send(statement, this.#settings.statementTimeoutMs)
    } finally {
      lent.giveBack()
    }
  }

  async transaction<Result>(work: (tx: PgQueryable) => Promise<Result>): Promise<Result> {
    const lent = await this.#borrow(UNHURRIED())
    const query = (text: string, params: readonly unknown[] = []) =>
      lent.send({ text, values: params as unknown[] }, SETUP_STATEMENT_MS)
    try {
      await query('begin')
      const result = await work({ query })
      await query('commit')
      return result
    } catch (error) {
      if (lent.broken === undefined) await lent.send({ text: 'rollback', values: [] }, ROLLBACK_MS).catch(() => {})
      throw error
    } finally {
      lent.giveBack()
    }
  }

  end(): Promise<void> {
    this.#ended ??= this.#isOwn ? this.#pool.end() : Promise.resolve()
    return this.#ended
  }

  #borrow(attempt: Attempt): Promise<LentClient> {
    return new Promise((resolve, reject) => {
      const countdown = new Countdown()
      let isLate = false
      countdown.start(Math.min(this.#settings.connectTimeoutMs, attempt.leftMs()), 'A connection', (error) => {
        isLate = true
        reject(error)
      })
      // With a callback, which listens before the next message is looked at: it may be the end of the connection.
      this.#pool.connect((error, client) => {
        if (client === undefined) {
          countdown.stop()
          reject(error)
          return
        }
        const lent = new LentClient(client, attempt, countdown, this.#settings.meter)
        if (!isLate && !attempt.isOver) return resolve(lent)
        lent.giveBack()
        reject(new Error('Nobody waits for this statement any more.'))
      })
    })
  }

  /** A name is one text on all connections, also on those that we share with another checkpointer. */
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

/** A client while it is ours: with an error listener, as a borrowed one has none and would end the process when it drops. */
class LentClient {
  readonly #client: PgPoolClient
  readonly #attempt: Attempt
  readonly #countdown: Countdown
  readonly #meter: Meter
  readonly #note = (error: Error): void => {
    this.broken ??= error
  }
  /** What broke the connection first. */
  broken: Error | undefined

  constructor(client: PgPoolClient, attempt: Attempt, countdown: Countdown, meter: Meter) {
    this.#client = client
    this.#attempt = attempt
    this.#countdown = countdown
    this.#meter = meter
    client.on('error', this.#note)
  }

  async send(statement: PgStatement, timeoutMs: number): Promise<readonly Row[]> {
    if (this.broken !== undefined) throw this.broken
    const before = trafficOf(this.#client)
    this.#attempt.isInDoubt = true
    this.#meter.add('statements', 1)
    try {
      return (await this.#answer(statement, Math.min(timeoutMs, this.#attempt.leftMs()))).rows
    } catch (error) {
      hideContent(error)
      const isRefusal = isPlainRefusal(error)
      if (isRefusal) this.#attempt.isInDoubt = false
      if (!isRefusal || isOnStandby(error)) this.broken ??= error as Error
      throw isRefusal ? error : this.broken
    } finally {
      const after = trafficOf(this.#client)
      this.#meter.add('bytesSent', after.sent - before.sent)
      this.#meter.add('bytesReceived', after.received - before.received)
    }
  }

  #answer(statement: PgStatement, ms: number): Promise<{ rows: Row[] }> {
    return new Promise((resolve, reject) => {
      this.#countdown.start(ms, 'The answer to a statement', reject)
      this.#client.query(statement).then(resolve, reject)
    })
  }

  /** A broken one is destroyed by the pool, which also ends what still waits on it. */
  giveBack(): void {
    this.#countdown.stop()
    this.#client.removeListener('error', this.#note)
    this.#client.release(this.broken)
  }
}

/** The bytes that a client's socket has carried so far; a pool whose clients don't show theirs counts as silent. */
function trafficOf(client: object): { readonly sent: number; readonly received: number } {
  const { connection } = client as { connection?: { stream?: { bytesWritten?: unknown; bytesRead?: unknown } } }
  const { bytesWritten, bytesRead } = connection?.stream ?? {}
  return { sent: Number(bytesWritten ?? 0), received: Number(bytesRead ?? 0) }
}
