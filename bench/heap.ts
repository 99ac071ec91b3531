import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What this process holds, in bytes, with nothing left to collect: the heap, and buffers beside it. */
export async function settledHeap(): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (;;) {
    await new Promise(setImmediate) // weak references are only cleared between turns of the event loop
    collect()
    const { heapUsed, external } = process.memoryUsage()
    if (heapUsed + external > last * 0.999) return Math.min(last, heapUsed + external)
    last = heapUsed + external
  }
}
