/** The store in this process's memory: local development and tests. Same records, verdicts and order as Postgres. */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import { contains } from './containment.ts'
import { fromSnapshot, toSnapshot, type ThreadsSnapshot } from './memory-snapshot.ts'
import type {
  CheckpointRecord,
  HistoryChannel,
  ListQuery,
  PutResult,
  Reading,
  Store,
  StoredCheckpoint,
  StoredHistory,
  WritesRecord,
} from './store.ts'
import { ThreadRecord } from './thread-record.ts'

export interface MemoryStoreOptions {
  readonly maxBytes: number
  readonly maxThreads: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

export class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions
  /** In the order of last use. */
  #threads = new Map<string, ThreadRecord>()
  #bytes = 0
  #evictedThreads = 0

  constructor(options: MemoryStoreOptions) {
    this.#options = options
  }

  async put(record: CheckpointRecord): Promise<PutResult> {
    return this.#change(record.address.threadId, (thread) => thread.put(record))
  }

  async putWrites(record: WritesRecord): Promise<{ verdict: 'stored' | 'deleted'; generation: number }> {
    return this.#change(record.address.threadId, (thread) => thread.putWrites(record))
  }

  async read(address: Address): Promise<Reading> {
    const thread = this.#touch(address.threadId)
    return {
      generation: thread?.generation ?? 0,
      checkpoint: thread?.read(address.ns, address.checkpointId),
      parts: [],
    }
  }

  async readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    const parts = this.#threads.get(threadId)?.parts
    return names.flatMap((name) => parts?.get(name) ?? [])
  }

  know(): void {}

  async *list(query: ListQuery): AsyncGenerator<readonly StoredCheckpoint[]> {
    for (const checkpoint of this.#ordered(query).slice(0, query.limit)) yield [checkpoint]
  }

  async history(address: Address, channels: readonly HistoryChannel[]): Promise<ReadonlyMap<string, StoredHistory>> {
    return this.#threads.get(address.threadId)?.history(address, channels) ?? new Map()
  }

  async deleteThread(threadId: string): Promise<void> {
    if (this.#threads.has(threadId)) this.#change(threadId, (thread) => thread.delete())
  }

  get stats(): { threads: number; bytes: number; evictedThreads: number } {
    let threads = 0
    for (const thread of this.#threads.values()) if (thread.seq > 0) threads++
    return { threads, bytes: this.#bytes, evictedThreads: this.#evictedThreads }
  }

  snapshot(): ThreadsSnapshot {
    return toSnapshot(this.#threads)
  }

  /** Replaces everything. Nothing changes where the snapshot can't be read. */
  restore(snapshot: unknown): void {
    const threads = fromSnapshot(snapshot, this.#options.clock)
    this.#threads = threads
    this.#bytes = 0
    for (const thread of threads.values()) this.#bytes += thread.bytes
    this.#evict()
  }

  #ordered(query: ListQuery): StoredCheckpoint[] {
    const found: StoredCheckpoint[] = []
    const filter: unknown = query.filter === undefined ? undefined : JSON.parse(query.filter)
    for (const [threadId, thread] of this.#threads) {
      if (query.threadId !== undefined && query.threadId !== threadId) continue
      const beforeSeq =
        query.before === undefined || query.threadId === undefined ? undefined : thread.seqOf(query.ns, query.before)
      for (const checkpoint of thread.list(query.ns)) {
        if (query.checkpointId !== undefined && checkpoint.address.checkpointId !== query.checkpointId) continue
        if (
          beforeSeq !== undefined
            ? checkpoint.seq >= beforeSeq
            : query.before !== undefined && checkpoint.address.checkpointId >= query.before
        )
          continue
        if (filter !== undefined && !contains(JSON.parse(checkpoint.metadata), filter)) continue
        found.push(checkpoint)
      }
    }
    return found.sort(query.threadId === undefined ? byId : (a, b) => b.seq - a.seq)
  }

  #touch(threadId: string): ThreadRecord | undefined {
    const thread = this.#threads.get(threadId)
    if (thread !== undefined) {
      this.#threads.delete(threadId)
      this.#threads.set(threadId, thread)
    }
    return thread
  }

  #change<Result>(threadId: string, change: (thread: ThreadRecord) => Result): Result {
    const known = this.#touch(threadId)
    const thread = known ?? new ThreadRecord(threadId, this.#options.clock)
    if (known === undefined) this.#threads.set(threadId, thread)
    const before = thread.bytes
    const result = change(thread)
    this.#bytes += thread.bytes - before
    this.#evict()
    return result
  }

  /** The least recently used go first; the thread in use stays, whatever it weighs. */
  #evict(): void {
    for (const [threadId, thread] of this.#threads) {
      if (this.#threads.size <= 1) return
      if (this.#bytes <= this.#options.maxBytes && this.#threads.size <= this.#options.maxThreads) return
      this.#threads.delete(threadId)
      this.#bytes -= thread.bytes
      if (thread.seq > 0) this.#evictedThreads++
    }
  }
}

/** Greatest checkpoint id first; then thread and namespace, so that the order is total. */
function byId(a: StoredCheckpoint, b: StoredCheckpoint): number {
  const [x, y] = [a.address, b.address]
  return -(compare(x.checkpointId, y.checkpointId) || compare(x.threadId, y.threadId) || compare(x.ns, y.ns))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
