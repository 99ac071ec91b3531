/** The store in this process's memory: local development and tests. Same records, verdicts and order as Postgres. */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { Meter } from '../stats.ts'
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
  WritesResult,
} from './store.ts'
import { ThreadRecord } from './thread-record.ts'

export interface MemoryStoreOptions {
  readonly maxBytes: number
  readonly maxThreads: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** What is left of deleted threads, to know late calls by, takes nobody's place; but there is an end to it. */
const MAX_TOMBSTONES = 10_000

export class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions
  readonly #meter: Meter
  /** In the order of last use. */
  #threads = new Map<string, ThreadRecord>()
  #bytes = 0
  /** Threads with a checkpoint. */
  #live = 0
  #evictedThreads = 0

  constructor(options: MemoryStoreOptions, meter: Meter) {
    this.#options = options
    this.#meter = meter
  }

  async put(record: CheckpointRecord): Promise<PutResult> {
    const result = this.#change(record.address.threadId, (thread) => thread.put(record))
    if (result.verdict === 'deleted') this.#meter.dropped('put', record.address)
    return { ...result, newParts: [] }
  }

  async putWrites(record: WritesRecord): Promise<WritesResult> {
    const result = this.#change(record.address.threadId, (thread) => thread.putWrites(record))
    if (result.verdict === 'deleted') this.#meter.dropped('putWrites', record.address)
    return { ...result, newParts: [] }
  }

  async read(address: Address, signal?: AbortSignal): Promise<Reading> {
    signal?.throwIfAborted()
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

  async *list(query: ListQuery, signal?: AbortSignal): AsyncGenerator<readonly StoredCheckpoint[]> {
    signal?.throwIfAborted()
    for (const checkpoint of this.#ordered(query).slice(0, query.limit)) yield [checkpoint]
  }

  async history(
    address: Address,
    channels: readonly HistoryChannel[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, StoredHistory>> {
    signal?.throwIfAborted()
    return this.#threads.get(address.threadId)?.history(address, channels) ?? new Map()
  }

  async partNames(threadId: string): Promise<readonly PartName[]> {
    return [...(this.#threads.get(threadId)?.parts.keys() ?? [])]
  }

  async deleteThread(threadId: string): Promise<void> {
    if (this.#threads.has(threadId)) this.#change(threadId, (thread) => thread.delete())
  }

  get stats(): { threads: number; bytes: number; evictedThreads: number } {
    return { threads: this.#live, bytes: this.#bytes, evictedThreads: this.#evictedThreads }
  }

  snapshot(): ThreadsSnapshot {
    return toSnapshot(this.#threads)
  }

  /** Replaces everything. Nothing changes where the snapshot can't be read. */
  restore(snapshot: unknown): void {
    const threads = fromSnapshot(snapshot, this.#options.clock)
    this.#threads = threads
    this.#bytes = 0
    this.#live = 0
    let last: ThreadRecord | undefined
    for (last of threads.values()) this.#count(last, 1)
    this.#evict(last)
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
            : query.before !== undefined && compare(checkpoint.address.checkpointId, query.before) >= 0
        )
          continue
        if (filter !== undefined && !contains(JSON.parse(checkpoint.metadata), filter)) continue
        found.push(checkpoint)
      }
    }
    return found.toSorted(query.threadId === undefined ? byId : (a, b) => b.seq - a.seq)
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
    this.#count(thread, -1)
    const result = change(thread)
    this.#count(thread, 1)
    this.#evict(thread)
    return result
  }

  #count(thread: ThreadRecord, sign: 1 | -1): void {
    this.#bytes += sign * thread.bytes
    if (thread.seq > 0) this.#live += sign
  }

  /** The least recently used go first; the thread in use stays, whatever it weighs. */
  #evict(inUse: ThreadRecord | undefined): void {
    const { maxBytes, maxThreads } = this.#options
    const maxTombstones = Math.min(maxThreads, MAX_TOMBSTONES)
    for (const [threadId, thread] of this.#threads) {
      const tombstones = this.#threads.size - this.#live
      if (this.#bytes <= maxBytes && this.#live <= maxThreads && tombstones <= maxTombstones) return
      const isLive = thread.seq > 0
      const goes =
        (thread.bytes > 0 && this.#bytes > maxBytes) || (isLive ? this.#live > maxThreads : tombstones > maxTombstones)
      if (!goes || thread === inUse) continue
      this.#threads.delete(threadId)
      this.#count(thread, -1)
      if (isLive) this.#evictedThreads++
    }
  }
}

/** Greatest checkpoint id first; then thread and namespace, so that the order is total. */
function byId(a: StoredCheckpoint, b: StoredCheckpoint): number {
  const [x, y] = [a.address, b.address]
  return -(compare(x.checkpointId, y.checkpointId) || compare(x.threadId, y.threadId) || compare(x.ns, y.ns))
}

/** By bytes, as Postgres does. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
