/** Keeps calls away from a service that fails, so that its trouble costs them nothing. */

export type BreakerState = 'closed' | 'open' | 'probing'

export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly failures?: number | undefined
  /** How long it stays open at first; twice as long after each probe that fails. @default 1000 */
  readonly openMs?: number | undefined
  /** … and never longer than this. @default 10000 */
  readonly maxOpenMs?: number | undefined
  /** Milliseconds, of a clock that never steps back. */
  readonly clock?: (() => number) | undefined
}

export class CircuitBreaker {
  readonly #failures: number
  readonly #openMs: number
  readonly #maxOpenMs: number
  readonly #clock: () => number
  #state: BreakerState = 'closed'
  #inARow = 0
  #nextOpenMs: number
  #openUntil = 0

  constructor(options: BreakerOptions = {}) {
    this.#failures = options.failures ?? 5
    this.#openMs = options.openMs ?? 1000
    this.#maxOpenMs = options.maxOpenMs ?? 10_000
    this.#clock = options.clock ?? (() => performance.now())
    this.#nextOpenMs = this.#openMs
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Whether a call may be made. */
  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** True for one caller once the time is over: he makes one call, whose outcome decides. */
  takeProbe(): boolean {
    if (this.#state !== 'open' || this.#clock() < this.#openUntil) return false
    this.#state = 'probing'
    return true
  }

  /** A call went well. While open, that is one from before, and tells nothing new. */
  succeeded(): void {
    if (this.#state === 'open') return
    this.#state = 'closed'
    this.#inARow = 0
    this.#nextOpenMs = this.#openMs
  }

  /** A call failed. @returns whether that opened the breaker, or kept it open after a probe */
  failed(): boolean {
    if (this.#state === 'open' || (this.#state === 'closed' && ++this.#inARow < this.#failures)) return false
    this.#state = 'open'
    this.#openUntil = this.#clock() + this.#nextOpenMs
    this.#nextOpenMs = Math.min(this.#nextOpenMs * 2, this.#maxOpenMs)
    return true
  }
}
