/** One abort listener per signal, shared: a run of LangGraph has one signal and many reads. */

interface Listeners {
  readonly callbacks: Set<() => void>
  readonly callAll: () => void
}

const bySignal = new WeakMap<AbortSignal, Listeners>()

/** Calls back once, soon if the signal has aborted already. Returns a function that removes the callback. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    queueMicrotask(callback)
    return () => {}
  }
  const listeners = bySignal.get(signal) ?? listenTo(signal)
  listeners.callbacks.add(callback)
  return () => {
    listeners.callbacks.delete(callback)
    if (listeners.callbacks.size > 0) return
    bySignal.delete(signal)
    signal.removeEventListener('abort', listeners.callAll)
  }
}

function listenTo(signal: AbortSignal): Listeners {
  const callbacks = new Set<() => void>()
  const callAll = () => {
    for (const callback of callbacks) callback()
  }
  const listeners = { callbacks, callAll }
  bySignal.set(signal, listeners)
  signal.addEventListener('abort', callAll, { once: true })
  return listeners
}
