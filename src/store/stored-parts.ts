/**
 * What this process knows to be stored: for a thread and a generation, the names of parts that were read or written.
 * A put leaves those out; Postgres compares the generation and asks for all where it has moved.
 */
import { LRUCache } from 'lru-cache'
import type { PartName } from '../codec/part.ts'

interface ThreadParts {
  readonly generation: number
  readonly names: Set<PartName>
}

/** Names over all threads; at about 100 bytes each, 50 MB. */
const MAX_NAMES = 500_000

export class StoredParts {
  readonly #threads = new LRUCache<string, ThreadParts>({
    maxSize: MAX_NAMES,
    sizeCalculation: (thread) => thread.names.size + 1,
  })

  /** Undefined: nothing is known of the thread. */
  of(threadId: string): { readonly generation: number; readonly names: ReadonlySet<PartName> } | undefined {
    return this.#threads.get(threadId)
  }

  add(threadId: string, generation: number, names: Iterable<PartName>): void {
    const known = this.#threads.get(threadId)
    if (known?.generation === generation && Array.isArray(names) && names.length === 0) return
    const thread = known?.generation === generation ? known : { generation, names: new Set<PartName>() }
    for (const name of names) thread.names.add(name)
    this.#threads.delete(threadId) // set anew, so that its size is counted anew
    this.#threads.set(threadId, thread)
  }

  forget(threadId: string): void {
    this.#threads.delete(threadId)
  }
}
