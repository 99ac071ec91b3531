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
export function within<Result>(work: Promise<Result>, { ms, what, signal }: Patience): Promise<Result> {
  if (ms === undefined && signal === undefined) return work
  return new Promise((resolve, reject) => {
    let lastChance: NodeJS.Immediate | undefined
    const timeIsUp = () => {
      leave()
      reject(new TimeoutError(`${what} did not come within ${Math.round(ms ?? 0)} ms`))
    }
    // Timers come first when a process has stood still: what has arrived meanwhile is let in before it counts as late.
    const timer = ms === undefined ? undefined : setTimeout(() => (lastChance = setImmediate(timeIsUp)), ms)
    const abort = () => {
      leave()
      reject(signal?.reason as Error)
    }
    const leave = () => {
      clearTimeout(timer)
      clearImmediate(lastChance)
      stopListening?.()
    }
    work.finally(leave).then(resolve, reject)
    const stopListening = signal && onAbort(signal, abort)
  })
}

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
