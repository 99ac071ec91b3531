/** The threads of a memory store, bounded: the least recently used go first, whole. */
import { ThreadRows } from './thread-rows.ts'

export interface ThreadMapOptions {
  readonly maxBytes: number
  readonly maxThreads: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** What is left of deleted threads, to recognise late calls by; at about 100 bytes each. Beyond it, the oldest go. */
const MAX_DELETED = 1_000_000

export class ThreadMap {
  readonly #options: ThreadMapOptions
  /** In the order of last use. */
  #threads = new Map<string, ThreadRows>()
  /** For each thread that was deleted, the generation that the last deletion began. */
  #deleted = new Map<string, number>()
  #lastGeneration = 0
  #bytes = 0
  #evicted = 0

  constructor(options: ThreadMapOptions) {
    this.#options = options
  }

  get stats(): { threads: number; bytes: number; evictedThreads: number } {
    return { threads: this.#threads.size, bytes: this.#bytes, evictedThreads: this.#evicted }
  }

  /** All threads that hold anything. */
  get threads(): ReadonlyMap<string, ThreadRows> {
    return this.#threads
  }

  get deleted(): ReadonlyMap<string, number> {
    return this.#deleted
  }

  /** Not a use. */
  peek(threadId: string): ThreadRows | undefined {
    return this.#threads.get(threadId)
  }

  use(threadId: string): ThreadRows | undefined {
    const thread = this.#threads.get(threadId)
    if (thread !== undefined) {
      this.#threads.delete(threadId)
      this.#threads.set(threadId, thread)
    }
    return thread
  }

  /** The generation of a thread: that of its deletion, if nothing came since; 0 if it does not exist. */
  generationOf(threadId: string): number {
    return this.#threads.get(threadId)?.generation ?? this.#deleted.get(threadId) ?? 0
  }

  /** Changes a thread, which is made if it is not there and kept if it then holds anything. */
  change<Result>(threadId: string, change: (thread: ThreadRows) => Result): Result {
    const thread = this.use(threadId) ?? this.#newThread(threadId)
    const before = thread.bytes
    const isKnown = this.#threads.has(threadId)
    const result = change(thread)
    const isEmpty = thread.checkpoints.size === 0 && thread.writes.size === 0
    if (!isKnown && isEmpty) return result
    this.#threads.set(threadId, thread)
    this.#bytes += thread.bytes - (isKnown ? before : 0)
    this.#evict(thread)
    return result
  }

  delete(threadId: string): void {
    const thread = this.#threads.get(threadId)
    if (thread !== undefined) {
      this.#threads.delete(threadId)
      this.#bytes -= thread.bytes
    }
    this.#deleted.delete(threadId) // set again at the end, as the youngest
    this.#deleted.set(threadId, this.#nextGeneration())
    for (const oldest of this.#deleted.keys()) {
      if (this.#deleted.size <= MAX_DELETED) break
      this.#deleted.delete(oldest)
    }
  }

  /** Replaces everything. */
  replace(threads: Map<string, ThreadRows>, deleted: Map<string, number>): void {
    this.#threads = threads
    this.#deleted = deleted
    this.#bytes = 0
    let last: ThreadRows | undefined
    for (last of threads.values()) {
      this.#bytes += last.bytes
      this.#lastGeneration = Math.max(this.#lastGeneration, last.generation)
    }
    for (const generation of deleted.values()) this.#lastGeneration = Math.max(this.#lastGeneration, generation)
    this.#evict(last)
  }

  #newThread(threadId: string): ThreadRows {
    return new ThreadRows(threadId, this.#nextGeneration(), this.#deleted.get(threadId) ?? 0)
  }

  /** Microseconds, as in Postgres; no two are the same, so that what was known of an evicted thread holds no longer. */
  #nextGeneration(): number {
    this.#lastGeneration = Math.max(this.#lastGeneration + 1, this.#options.clock() * 1000)
    return this.#lastGeneration
  }

  /** The thread in use stays, whatever it weighs. */
  #evict(inUse: ThreadRows | undefined): void {
    const { maxBytes, maxThreads } = this.#options
    for (const [threadId, thread] of this.#threads) {
      if (this.#bytes <= maxBytes && this.#threads.size <= maxThreads) return
      if (thread === inUse) continue
      this.#threads.delete(threadId)
      this.#bytes -= thread.bytes
      this.#evicted++
    }
  }
}
