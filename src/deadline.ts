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
 * How long one operation may wait, in milliseconds, from its first wait on. Time in which this process stood still (a
 * computation, a debugger, a frozen container) does not count: nothing could be received then.
 */
export class Budget {
  readonly #ms: number
  #startedAt: number | undefined
  #stoodStillMs = 0

  constructor(ms: number) {
    this.#ms = ms
  }

  /** The operation waits for something. The first time counts. */
  begin(): void {
    this.#startedAt ??= performance.now()
  }

  /** Below 0 when the budget is used up. */
  leftMs(): number {
    return this.#ms + this.#stoodStillMs - this.elapsedMs()
  }

  /** Since the operation began to wait, standing still included. */
  elapsedMs(): number {
    return this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt
  }

  /** Of the time that has passed, so much does not count. */
  extend(ms: number): void {
    this.#stoodStillMs += ms
  }
}

export interface WaitOptions {
  /** @default no timeout */
  readonly ms?: number | undefined
  /** Of the operation that waits. */
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

/**
 * A timer that can be started again for the next wait of the same operation: a statement waits for a connection and then for
 * an answer with one timer, where two would be made and cleared.
 *
 * A timer that fires late says that the process stood still. It runs its timers before it reads its sockets, so what was
 * waited for may have arrived, or may not even have been sent yet: the wait begins again, and its time does not count.
 */
export class Countdown {
  readonly #budget: Budget | undefined
  #timer: NodeJS.Timeout | undefined
  #afterInput: NodeJS.Immediate | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #beganAt = 0
  #ms = 0
  #timeIsUp: () => void = () => {}

  /** @param budget is extended by the waits in which this process stood still */
  constructor(budget?: Budget) {
    this.#budget = budget
  }

  /** Replaces the wait before. */
  start(ms: number, what: string, fail: (error: Error) => void): void {
    this.#budget?.begin()
    this.#beganAt = performance.now()
    this.#ms = ms
    this.#timeIsUp = () => fail(new TimeoutError(`${what} did not come within ${Math.round(ms)} ms`))
    if (this.#beganAt + ms < this.#firesAt) this.#schedule()
  }

  stop(): void {
    this.#timeIsUp = () => {}
    this.#firesAt = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
    clearImmediate(this.#afterInput)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const now = performance.now()
    const ms = Math.min(Math.max(1, this.#beganAt + this.#ms - now), LONGEST_TIMER_MS)
    this.#firesAt = now + ms
    this.#timer = setTimeout(() => this.#fire(), ms)
  }

  #fire(): void {
    const now = performance.now()
    const lateMs = now - this.#firesAt
    this.#firesAt = Number.POSITIVE_INFINITY
    if (lateMs > Math.max(LATE_MS, this.#ms / 2)) {
      this.#budget?.extend(now - this.#beganAt)
      this.#beganAt = now
    }
    if (now < this.#beganAt + this.#ms - CLOCK_MS) this.#schedule()
    else this.#afterInput = setImmediate(() => this.#timeIsUp())
  }
}

/** On a busy machine timers are late by less, and a wait is lengthened only where a good part of it was lost. */
export const LATE_MS = 200
/** Timers and clocks differ by less. */
const CLOCK_MS = 2
/** The longest time that a timer can measure. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Holds the process alive: a call that waits for its next attempt is not over. @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timePassed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return signal === undefined ? timePassed : within(timePassed, { signal }).finally(() => clearTimeout(timer))
}
