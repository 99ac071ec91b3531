/** Waiting that ends. No timer and no listener stays behind, however it ends. */

/** Nothing came in time. It has the operating system's code for that, so it counts as a connection that broke. */
class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(message: string) {
    super(message)
    this.name = 'TimeoutError'
  }
}

export interface Patience {
  /** @default no end */
  readonly ms?: number | undefined
  /** What was waited for, for the error. */
  readonly what?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Settles as `work` does, unless the time is up or the signal aborts before; `work` then goes on unheard.
 * @throws TimeoutError, or the signal's reason
 */
export function within<Result>(work: Promise<Result>, { ms, what = 'An answer', signal }: Patience): Promise<Result> {
  if (ms === undefined && signal === undefined) return work
  return new Promise((resolve, reject) => {
    const countdown = ms === undefined ? undefined : new Countdown()
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

/** One timer for waits that follow each other, as each of them costs more than it seems to while async hooks are on. */
export class Countdown {
  #timer: NodeJS.Timeout | undefined
  #lastChance: NodeJS.Immediate | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #endsAt = 0
  #timeIsUp: () => void = () => {}

  /** Instead of what was waited for before. */
  start(ms: number, what: string, fail: (error: Error) => void): void {
    this.#endsAt = performance.now() + ms
    this.#timeIsUp = () => fail(new TimeoutError(`${what} did not come within ${Math.round(ms)} ms`))
    if (this.#endsAt < this.#firesAt) this.#schedule()
  }

  stop(): void {
    this.#timeIsUp = () => {}
    this.#firesAt = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
    clearImmediate(this.#lastChance)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#firesAt = this.#endsAt
    // Timers come first when a process has stood still: what has arrived meanwhile is let in before it counts as late.
    this.#timer = setTimeout(
      () => (this.#lastChance = setImmediate(() => this.#fire())),
      this.#endsAt - performance.now(),
    )
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY
    if (performance.now() < this.#endsAt - CLOCK_MS) this.#schedule()
    else this.#timeIsUp()
  }
}

/** Timers and clocks differ by less. */
const CLOCK_MS = 2

/** Those who wait for a signal, behind one listener: a run of LangGraph has one signal and many reads. */
interface Crowd {
  readonly callbacks: Set<() => void>
  readonly tellAll: () => void
}
const crowds = new WeakMap<AbortSignal, Crowd>()

/** Calls back once, soon if the signal has aborted already. Returns a function that takes it back. */
function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    queueMicrotask(callback)
    return () => {}
  }
  const crowd = crowds.get(signal) ?? gather(signal)
  crowd.callbacks.add(callback)
  return () => {
    crowd.callbacks.delete(callback)
    if (crowd.callbacks.size > 0) return
    crowds.delete(signal)
    signal.removeEventListener('abort', crowd.tellAll)
  }
}

function gather(signal: AbortSignal): Crowd {
  const callbacks = new Set<() => void>()
  const tellAll = () => {
    for (const callback of callbacks) callback()
  }
  const crowd = { callbacks, tellAll }
  crowds.set(signal, crowd)
  signal.addEventListener('abort', tellAll, { once: true })
  return crowd
}

/** Holds the process alive: a call that waits for its next attempt is not over. @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timePassed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return signal === undefined ? timePassed : within(timePassed, { signal }).finally(() => clearTimeout(timer))
}
