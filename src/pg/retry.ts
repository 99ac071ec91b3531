/** Tries again what fails for reasons that pass, for a bounded time. */
import { UnavailableError, type OperationAddress } from '../errors.ts'
import { pause, within } from '../deadline.ts'
import type { Meter } from '../stats.ts'
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
   * durability a rejected write ends the process.
   */
  readonly signal?: AbortSignal | undefined
}

/** One attempt, as those who make it see it. */
export interface Attempt {
  /** Milliseconds until the operation has to be over. */
  leftMs(): number
  /** Nobody waits for it any more: what is not sent yet needn't be. */
  isOver: boolean
  /** Set by whoever sends something that may take effect, and reset when it is known that it has not. */
  isInDoubt: boolean
}

/** Full jitter: anything from nothing to the bound, which doubles up to a second. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000
/** A call that waited for its turn has begun before this is over. */
const SETTLE_MS = 5

/** The patience of one checkpointer. */
export class Retrier {
  readonly #limits: Limits
  readonly #meter: Meter
  #underWay = 0

  constructor(limits: Limits, meter: Meter) {
    this.#limits = limits
    this.#meter = meter
  }

  /**
   * Makes attempts until one succeeds, fails for good, or `retryMs` are over; the whole ends within the longest of the
   * three limits, as each wait in an attempt ends with its `leftMs`. All our statements are idempotent, so one whose
   * outcome is unknown is repeated, too.
   *
   * @throws UnavailableError at the end of the time; the error itself where another attempt would not help; the signal's reason
   */
  async run<Result>(purpose: Purpose, attemptOnce: (attempt: Attempt) => Promise<Result>): Promise<Result> {
    const { connectTimeoutMs, statementTimeoutMs, retryMs } = this.#limits
    const began = performance.now()
    const end = began + Math.max(retryMs, connectTimeoutMs, statementTimeoutMs)
    const { signal } = purpose
    let first: unknown
    let isInDoubt = false
    this.#underWay++
    try {
      for (let attempts = 1; ; attempts++) {
        signal?.throwIfAborted()
        const attempt: Attempt = { isOver: false, isInDoubt: false, leftMs: () => Math.max(1, end - performance.now()) }
        try {
          return await within(attemptOnce(attempt), { signal })
        } catch (error) {
          if (!isTransient(error)) throw error
          first ??= error
          isInDoubt ||= attempt.isInDoubt
          const elapsedMs = performance.now() - began
          const pauseMs = Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1))
          if (elapsedMs + pauseMs >= retryMs) {
            const outcome = isInDoubt && purpose.isRead !== true ? 'unknown' : 'not_applied'
            const { operation, address = {} } = purpose
            throw new UnavailableError(
              { outcome, operation, address, attempts, sqlState: sqlStateOf(first) },
              elapsedMs,
              first,
              error,
            )
          }
          this.#meter.add('retries', 1)
          await pause(pauseMs, signal)
        } finally {
          attempt.isOver = true
        }
      }
    } finally {
      this.#underWay--
    }
  }

  /** Resolves when nothing is under way any more, or the time is up. */
  async settled(ms: number): Promise<void> {
    const end = performance.now() + ms
    await pause(0, undefined) // what was called just before has begun then
    while (this.#underWay > 0 && performance.now() < end) await pause(SETTLE_MS, undefined)
  }
}
