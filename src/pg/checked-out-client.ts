import type { Countdown } from '../deadline.ts'
import type { Meter } from '../observe/meter.ts'
import type { Attempt } from './attempt.ts'
import type { Row } from './driver.ts'
import { hideContent } from './hide-content.ts'
import type { PgPoolClient, PgStatement } from './pool.ts'
import { isOnStandby, isPlainRefusal } from './transient.ts'

/**
 * A client of a pool while a statement or a transaction has it: with an error listener, as a client of a borrowed pool has
 * none and would end the process when its connection drops.
 */
export class CheckedOutClient {
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
