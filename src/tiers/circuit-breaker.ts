/** Keeps calls away from a service that fails, so that its trouble costs them nothing. */

/**
 * | state     | calls           | leaves it when                                                                       |
 * |-----------|-----------------|--------------------------------------------------------------------------------------|
 * | `closed`  | are made        | `failures` calls in a row have failed: `open`, for `openMs`                          |
 * | `open`    | are not made    | its time is over and `takeProbe` is called: `probing`                                |
 * | `probing` | only the probe  | the probe succeeds: `closed`; it fails: `open`, twice as long as before (`maxOpenMs`) |
 *
 * A call that began while the breaker was closed may end later: in `open` its outcome is ignored, in `probing` it is
 * taken for the probe's.
 */
export type BreakerState = 'closed' | 'open' | 'probing'

export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly failures?: number | undefined
  /** How long it stays open at first; twice as long after each probe that fails. @default 1000 */
  readonly openMs?: number | undefined
  /** The longest time that it stays open. @default 10000 */
  readonly maxOpenMs?: number | undefined
  /** Milliseconds, of a clock that never steps back. @default performance.now */
  readonly clock?: (() => number) | undefined
}

export class CircuitBreaker {
  readonly #failures: number
  readonly #openMs: number
  readonly #maxOpenMs: number
  readonly #clock: () => number
  #state: BreakerState = 'closed'
  #failuresInARow = 0
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

  /** @returns true to one caller once the time is over: that caller must make a call and report its outcome */
  takeProbe(): boolean {
    if (this.#state !== 'open' || this.#clock() < this.#openUntil) return false
    this.#state = 'probing'
    return true
  }

  /** Reports that a call succeeded. */
  succeeded(): void {
    if (this.#state === 'open') return
    this.#state = 'closed'
    this.#failuresInARow = 0
    this.#nextOpenMs = this.#openMs
  }

  /** Reports that a call failed. @returns whether that opened the breaker, for the first time or again after a probe */
  failed(): boolean {
    if (this.#state === 'open' || (this.#state === 'closed' && ++this.#failuresInARow < this.#failures)) return false
    this.#state = 'open'
    this.#openUntil = this.#clock() + this.#nextOpenMs
    this.#nextOpenMs = Math.min(this.#nextOpenMs * 2, this.#maxOpenMs)
    return true
  }
}
