/** The store in this process's memory: local development and tests. Same records, verdicts and order as Postgres. */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { HistoryChannel, StoredCheckpoint, StoredHistory } from '../codec/record.ts'
import { compareBytes } from '../codec/write-order.ts'
import { containsAny } from './containment.ts'
import { fromSnapshot, toSnapshot, type ThreadsSnapshot } from '../memory/snapshot.ts'
import { ThreadMap, type ThreadMapOptions } from '../memory/thread-map.ts'
import type { ListQuery } from './list-query.ts'
import type {
  Answer,
  CallOptions,
  CheckpointRecord,
  Delivery,
  Reading,
  ReadOptions,
  Store,
  WritesRecord,
  WritesVerdict,
} from './store.ts'

export class MemoryStore implements Store {
  readonly #threads: ThreadMap

  constructor(options: ThreadMapOptions) {
    this.#threads = new ThreadMap(options)
  }

  async commit(record: CheckpointRecord, delivery: Delivery): Promise<Answer> {
    return this.#threads.change(record.address.threadId, (thread) => thread.commit(record, delivery))
  }

  async commitWrites(record: WritesRecord, delivery: Delivery): Promise<Answer<WritesVerdict>> {
    return this.#threads.change(record.address.threadId, (thread) => thread.commitWrites(record, delivery))
  }

  async read(address: Address, { signal }: ReadOptions): Promise<Reading> {
    signal?.throwIfAborted()
    const checkpoint = this.#threads.use(address.threadId)?.read(address.ns, address.checkpointId)
    return { generation: this.#threads.generationOf(address.threadId), checkpoint, parts: [] }
  }

  async readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    const parts = this.#threads.peek(threadId)?.parts
    return names.flatMap((name) => parts?.get(name) ?? [])
  }

  async *list(query: ListQuery, { signal }: CallOptions = {}): AsyncGenerator<readonly StoredCheckpoint[]> {
    signal?.throwIfAborted()
    for (const checkpoint of this.#ordered(query).slice(0, query.limit)) yield [checkpoint]
  }

  async history(
    address: Address,
    channels: readonly HistoryChannel[],
    { signal }: CallOptions = {},
  ): Promise<ReadonlyMap<string, StoredHistory>> {
    signal?.throwIfAborted()
    return this.#threads.peek(address.threadId)?.history(address, channels) ?? new Map()
  }

  async deleteThread(threadId: string): Promise<readonly PartName[]> {
    this.#threads.delete(threadId)
    return []
  }

  get stats(): ThreadMap['stats'] {
    return this.#threads.stats
  }

  snapshot(): ThreadsSnapshot {
    return toSnapshot(this.#threads)
  }

  /** Replaces everything. Nothing changes where the snapshot can't be read. */
  restore(snapshot: unknown): void {
    const { threads, deleted } = fromSnapshot(snapshot)
    this.#threads.replace(threads, deleted)
  }

  #ordered(query: ListQuery): StoredCheckpoint[] {
    const found: StoredCheckpoint[] = []
    const filters = query.filters?.map((filter): unknown => JSON.parse(filter))
    for (const [threadId, thread] of this.#threads.threads) {
      if (query.threadId !== undefined && query.threadId !== threadId) continue
      const beforeSeq =
        query.before === undefined || query.threadId === undefined ? undefined : thread.seqOf(query.ns, query.before)
      for (const checkpoint of thread.list(query.ns)) {
        const { checkpointId } = checkpoint.address
        if (query.checkpointId !== undefined && checkpointId !== query.checkpointId) continue
        if (beforeSeq !== undefined && checkpoint.seq >= beforeSeq) continue
        if (beforeSeq === undefined && query.before !== undefined && compareBytes(checkpointId, query.before) >= 0)
          continue
        if (filters === undefined || containsAny(JSON.parse(checkpoint.metadata), filters)) found.push(checkpoint)
      }
    }
    return found.toSorted(query.threadId === undefined ? byId : (a, b) => b.seq - a.seq)
  }
}

/** Greatest checkpoint id first; then thread and namespace, so that the order is total. By bytes, as Postgres does. */
function byId(a: StoredCheckpoint, b: StoredCheckpoint): number {
  const [x, y] = [a.address, b.address]
  return -(
    compareBytes(x.checkpointId, y.checkpointId) ||
    compareBytes(x.threadId, y.threadId) ||
    compareBytes(x.ns, y.ns)
  )
}
