/** Retries what fails for reasons that pass, for a bounded time. */
import { UnavailableError, type OperationAddress } from '../errors.ts'
import { Budget, LATE_MS, pause, within } from '../deadline.ts'
import type { Meter } from '../observe/meter.ts'
import { publishFailedAttempt } from '../observe/tracing.ts'
import { Attempt } from './attempt.ts'
import { isTransient, sqlStateOf } from './transient.ts'

/** How long things may take, in milliseconds. */
export interface Limits {
  /** To get a connection: a free one of the pool's, or a new one. */
  readonly connectTimeoutMs: number
  /** For the answer to one statement. */
  readonly statementTimeoutMs: number
  /** How long new attempts are made. */
  readonly retryMs: number
}

/** What a statement is run for. Errors name it. */
export interface Purpose {
  readonly operation: string
  readonly address?: OperationAddress | undefined
  /** Nothing is stored by it, so its outcome is never in doubt. */
  readonly isRead?: boolean | undefined
  /**
   * Ends a read at once. Writes have none: one that is under way may be stored already, and under LangGraph's default
   * durability a rejected write ends the process (before LangGraph 1.5).
   */
  readonly signal?: AbortSignal | undefined
  /** Of the operation that the statement is a part of. @default one of its own */
  readonly budget?: Budget | undefined
}

/** Full jitter: anything from nothing to the bound, which doubles up to a second. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/** Retries the operations of one checkpointer. */
export class Retrier {
  readonly server: string | undefined
  readonly #retryMs: number
  readonly #longestMs: number
  readonly #meter: Meter

  /** @param server host and port, for errors and traces */
  constructor({ connectTimeoutMs, statementTimeoutMs, retryMs }: Limits, meter: Meter, server: string | undefined) {
    this.#retryMs = retryMs
    this.#longestMs = Math.max(retryMs, connectTimeoutMs, statementTimeoutMs)
    this.#meter = meter
    this.server = server
  }

  /** What an operation that begins now may take: new attempts are made for `retryMs`, and the first has all its limits. */
  newBudget(): Budget {
    return new Budget(this.#longestMs)
  }

  /**
   * Makes attempts until one succeeds, fails for good, or the time is up; each wait in an attempt ends with its `leftMs`.
   * All statements are idempotent, so one whose outcome is unknown is repeated, too.
   *
   * @throws UnavailableError at the end of the time; the error itself where another attempt would not help; the signal's reason
   */
  async run<Result>(purpose: Purpose, attemptOnce: (attempt: Attempt) => Promise<Result>): Promise<Result> {
    const { signal, budget = this.newBudget() } = purpose
    /** At the end of the budget, an attempt may go on, but no new one begins. */
    const notForRetriesMs = this.#longestMs - this.#retryMs
    let first: unknown
    let isInDoubt = false
    budget.begin()
    for (let attempts = 1; ; attempts++) {
      signal?.throwIfAborted()
      const attempt = new Attempt(budget)
      try {
        return await within(attemptOnce(attempt), { signal })
      } catch (error) {
        if (!isTransient(error)) throw error
        first ??= error
        publishFailedAttempt({
          operation: purpose.operation,
          address: purpose.address ?? {},
          attempt: attempts,
          server: this.server,
          error,
        })
        isInDoubt ||= attempt.isInDoubt
        const pauseMs = Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1))
        if (budget.leftMs() - notForRetriesMs <= pauseMs) {
          const outcome = isInDoubt && purpose.isRead !== true ? 'unknown' : 'not_applied'
          const { operation, address = {} } = purpose
          throw new UnavailableError(
            { outcome, operation, address, attempts, sqlState: sqlStateOf(first), server: this.server },
            budget.elapsedMs(),
            first,
            error,
          )
        }
        this.#meter.add('retries', 1)
        const pausedAt = performance.now()
        await pause(pauseMs, signal)
        // A pause that took much longer: the process stood still.
        const lateMs = performance.now() - pausedAt - pauseMs
        if (lateMs > LATE_MS) budget.extend(lateMs)
      } finally {
        attempt.isOver = true
      }
    }
  }
}
