/** Counts what work takes that no clock is needed for: what is made into JSON, hashed, promised, and set to a timer. */
import { createHook } from 'node:async_hooks'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

export interface WorkCounts {
  /** Calls of JSON.stringify: each makes the text of an element, a key, or a run of small elements. */
  readonly stringified: number
  /** Bytes of texts that were hashed in one shot, as names of parts and digests are. */
  readonly hashedBytes: number
  readonly promises: number
  /** Timeouts and immediates. */
  readonly timers: number
}

/** Of each count the least of five times: what else goes on in this process, such as the test runner's own messages, only adds to it. */
export async function leastCountsOf(work: () => unknown): Promise<WorkCounts> {
  let least = await countsOf(work)
  for (let i = 1; i < 5; i++) {
    const counts = await countsOf(work)
    least = {
      stringified: Math.min(least.stringified, counts.stringified),
      hashedBytes: Math.min(least.hashedBytes, counts.hashedBytes),
      promises: Math.min(least.promises, counts.promises),
      timers: Math.min(least.timers, counts.timers),
    }
  }
  return least
}

/** Of all that this process does until `work` is done. */
export async function countsOf(work: () => unknown): Promise<WorkCounts> {
  const counts = { stringified: 0, hashedBytes: 0, promises: 0, timers: 0 }
  const kinds: Readonly<Record<string, 'promises' | 'timers'>> = {
    PROMISE: 'promises',
    Timeout: 'timers',
    Immediate: 'timers',
  }
  const hook = createHook({
    init: (_, type) => {
      const kind = kinds[type]
      if (kind !== undefined) counts[kind]++
    },
  })
  const { stringify } = JSON
  const { hash } = crypto
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    counts.stringified++
    return stringify(...args)
  }) as typeof stringify
  crypto.hash = ((algorithm: string, data: string, encoding: 'base64url') => {
    counts.hashedBytes += Buffer.byteLength(data)
    return hash(algorithm, data, encoding)
  }) as typeof hash
  syncBuiltinESMExports()
  hook.enable()
  try {
    await work()
  } finally {
    hook.disable()
    JSON.stringify = stringify
    crypto.hash = hash
    syncBuiltinESMExports()
  }
  return counts
}
