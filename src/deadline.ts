/** Promises with a timeout or an abort signal. No timer and no listener stays behind, however the wait ends. */
import { onAbort } from './abort-listeners.ts'

/** Nothing came in time. It has the operating system's code for that, so it counts as a connection that broke. */
class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(message: string) {
    super(message)
    this.name = 'TimeoutError'
  }
}

/**
 * How long one operation may take, in milliseconds. Time in which this process stood still (a computation, a debugger, a
 * frozen container) does not count: nothing could be received then, so each timer that fires late moves the end by as much.
 */
export class Budget {
  readonly #startedAt = performance.now()
  #endsAt: number

  constructor(ms: number) {
    this.#endsAt = this.#startedAt + ms
  }

  /** Below 0 when the budget is used up. */
  leftMs(): number {
    return this.#endsAt - performance.now()
  }

  /** Since the operation began, standing still included. */
  elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** This process stood still for so long. */
  extend(ms: number): void {
    this.#endsAt += ms
  }
}

export interface WaitOptions {
  /** @default no timeout */
  readonly ms?: number | undefined
  /** Extended when the timer fires late. */
  readonly budget?: Budget | undefined
  /** What is waited for, for the error. */
  readonly what?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Settles as `work` does, unless the time is up or the signal aborts before; what `work` does later is ignored.
 * @throws TimeoutError, or the signal's reason
 */
export function within<Result>(
  work: Promise<Result>,
  { ms, budget, what = 'An answer', signal }: WaitOptions,
): Promise<Result> {
  if (ms === undefined && signal === undefined) return work
  return new Promise((resolve, reject) => {
    const countdown = ms === undefined ? undefined : new Countdown(budget)
    const leave = () => {
      countdown?.stop()
      stopListening?.()
    }
    const fail = (error: unknown) => {
      leave()
      reject(error)
    }
    countdown?.start(ms ?? 0, what, fail)
    const succeed = (result: Result) => {
      leave()
      resolve(result)
    }
    work.then(succeed, fail) // not `finally`: it makes three promises more
    const stopListening = signal && onAbort(signal, () => fail(signal.reason))
  })
}

/** A timer that fires this much late says that the process stood still; timers and clocks alone differ by less. */
const LATE_MS = 20

/**
 * A timer that can be started again for the next wait of the same operation: a statement waits for a connection and then
 * for an answer, and one timer instead of two saves 3 of its 30 promises' worth of work while async hooks are on.
 */
export class Countdown {
  readonly #budget: Budget | undefined
  #timer: NodeJS.Timeout | undefined
  #afterInput: NodeJS.Immediate | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #endsAt = 0
  #timeIsUp: () => void = () => {}

  /** @param budget is extended by the time for which this process stood still */
  constructor(budget?: Budget) {
    this.#budget = budget
  }

  /** Replaces the wait before. */
  start(ms: number, what: string, fail: (error: Error) => void): void {
    this.#endsAt = performance.now() + ms
    this.#timeIsUp = () => fail(new TimeoutError(`${what} did not come within ${Math.round(ms)} ms`))
    if (this.#endsAt < this.#firesAt) this.#schedule()
  }

  stop(): void {
    this.#timeIsUp = () => {}
    this.#firesAt = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
    clearImmediate(this.#afterInput)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#firesAt = this.#endsAt
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, this.#endsAt - performance.now()))
  }

  #fire(): void {
    const lateMs = performance.now() - this.#firesAt
    this.#firesAt = Number.POSITIVE_INFINITY
    if (lateMs > LATE_MS) {
      this.#budget?.extend(lateMs)
      this.#endsAt = Math.max(this.#endsAt, this.#endsAt + lateMs)
    }
    if (performance.now() < this.#endsAt - CLOCK_MS) this.#schedule()
    // A process that stood still runs its timers before it reads its sockets: what has arrived is let in first.
    else this.#afterInput = setImmediate(() => this.#timeIsUp())
  }
}

/** Timers and clocks differ by less. */
const CLOCK_MS = 2

/** Holds the process alive: a call that waits for its next attempt is not over. @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timePassed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return signal === undefined ? timePassed : within(timePassed, { signal }).finally(() => clearTimeout(timer))
}
