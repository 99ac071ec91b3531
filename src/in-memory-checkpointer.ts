import { Checkpointer, COMMON_OPTIONS, type CheckpointerOptions } from './checkpointer.ts'
import { Budget } from './deadline.ts'
import type { ThreadsSnapshot } from './memory/snapshot.ts'
import { Meter, type CommonStats } from './observe/meter.ts'
import { Observer } from './observe/observer.ts'
import { requireArgument } from './options/argument.ts'
import { requireKnownNames, type OptionNames } from './options/names.ts'
import { requireFunction, requirePositive } from './options/values.ts'
import { MemoryStore } from './store/memory-store.ts'
import { PartLadder } from './tiers/part-ladder.ts'

export interface InMemoryCheckpointerOptions extends CheckpointerOptions {
  /**
   * About how much of the heap threads may take, in bytes, estimated as for `cacheBytes`. Beyond it, whole threads go, the least recently used first;
   * `stats().evictedThreads` counts them. The thread in use stays, whatever it weighs.
   * @default unlimited
   */
  readonly maxBytes?: number | undefined
  /** How many threads may be held; see `maxBytes`. @default unlimited */
  readonly maxThreads?: number | undefined
  /** The time in milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

const UNLIMITED = Number.POSITIVE_INFINITY

const OPTIONS: OptionNames<InMemoryCheckpointerOptions> = {
  ...COMMON_OPTIONS,
  maxBytes: true,
  maxThreads: true,
  clock: true,
}

export interface InMemoryStats extends CommonStats {
  /** Threads that hold anything. */
  readonly threads: number
  /** About what they take of the heap, in bytes. */
  readonly bytes: number
  /** Threads dropped since the start because of `maxBytes` or `maxThreads`. */
  readonly evictedThreads: number
}

/**
 * A checkpointer in this process's memory, for local development and tests. Same results and same errors as
 * `PgCheckpointer`; what it holds ends with the process, unless you keep `snapshot()`.
 */
export class InMemoryCheckpointer extends Checkpointer {
  readonly #store: MemoryStore
  readonly #meter: Meter

  constructor(options: InMemoryCheckpointerOptions = {}) {
    requireArgument(arguments, 'new InMemoryCheckpointer({ serde })')
    requireKnownNames(options, OPTIONS)
    const { maxBytes = UNLIMITED, maxThreads = UNLIMITED, clock = Date.now } = options
    const meter = new Meter()
    const bounds = {
      maxBytes: requirePositive('maxBytes', maxBytes),
      maxThreads: requirePositive('maxThreads', maxThreads),
      clock: requireFunction('clock', clock),
    }
    const store = new MemoryStore(bounds)
    super(options, new Observer(meter, 'InMemoryCheckpointer'), {
      store,
      tiers: new PartLadder([]),
      meter,
      newBudget: () => new Budget(Number.POSITIVE_INFINITY),
    })
    this.#store = store
    this.#meter = meter
  }

  stats(): InMemoryStats {
    return { ...this.#meter.common(), ...this.#store.stats }
  }

  /** All threads as one JSON-able value. */
  snapshot(): ThreadsSnapshot {
    return this.#store.snapshot()
  }

  /**
   * Replaces all threads by those of a snapshot.
   * @throws InvalidInputError where it is none, and then nothing changes
   */
  restore(snapshot: ThreadsSnapshot): void {
    this.#store.restore(snapshot)
  }
}
