/**
 * What this process knows to be stored: for a thread and a generation, the names of parts that were read or written.
 * A put leaves those out; Postgres compares the generation and asks for all where it has moved.
 */
import { LRUCache } from 'lru-cache'
import type { Part, PartName } from '../codec/part.ts'

interface ThreadParts {
  readonly generation: number
  readonly names: Set<PartName>
  /** What a part is marked with that is known to be stored here: a look at it is a tenth of a look into the set. */
  readonly mark: object
}

/** Names over all threads; at about 100 bytes each, 50 MB. */
const MAX_NAMES = 500_000

export class StoredParts {
  readonly #threads = new LRUCache<string, ThreadParts>({
    maxSize: MAX_NAMES,
    sizeCalculation: (thread) => thread.names.size + 1,
  })

  /** The generation of which something is known. */
  generationOf(threadId: string): number | undefined {
    return this.#threads.get(threadId)?.generation
  }

  /** Those of the parts that are not known to be stored. */
  missing(threadId: string, parts: Iterable<Part>): readonly Part[] {
    const thread = this.#threads.get(threadId)
    const missing: Part[] = []
    for (const part of parts) {
      if (thread !== undefined && part.storedMark === thread.mark) continue
      if (thread?.names.has(part.name) === true) part.storedMark = thread.mark
      else missing.push(part)
    }
    return missing
  }

  add(threadId: string, generation: number, parts: Iterable<Part>): void {
    const known = this.#threads.get(threadId)
    const thread = known?.generation === generation ? known : { generation, names: new Set<PartName>(), mark: {} }
    const before = thread.names.size
    for (const part of parts) {
      if (part.storedMark === thread.mark) continue
      thread.names.add(part.name)
      part.storedMark = thread.mark
    }
    if (known === thread && before === thread.names.size) return
    this.#threads.delete(threadId) // set anew, so that its size is counted anew
    this.#threads.set(threadId, thread)
  }

  forget(threadId: string): void {
    this.#threads.delete(threadId)
  }
}
