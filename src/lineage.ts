/**
 * Which life of a thread a run belongs to. deleteThread wins over a run that is still going on, so every put says in
 * which generation its run began: the one seen when the run's checkpoint was read or stored.
 */
import { LRUCache } from 'lru-cache'
import type { Address, CheckpointAddress } from './address.ts'

export class Lineage {
  /** A checkpoint, or a thread -> generation. 0: the thread did not exist when it was read. */
  readonly #seen = new LRUCache<string, number>({ maxSize: 20_000, sizeCalculation: () => 1 }) // `max` would reserve its room at once

  /** A checkpoint was read or stored in this generation. */
  see(address: Address, generation: number): void {
    this.#seen.set(threadKey(address.threadId), generation)
    if (address.checkpointId !== undefined) this.#seen.set(checkpointKey(address), generation)
  }

  /** Nothing was found. That tells nothing new about a checkpoint known from before: it may have been deleted. */
  seeNothing(address: Address, generation: number): void {
    this.#seen.set(threadKey(address.threadId), generation)
    if (address.checkpointId !== undefined && !this.#seen.has(checkpointKey(address))) {
      this.#seen.set(checkpointKey(address), generation)
    }
  }

  /** A checkpoint is about to be put: its children and writes will belong to the same run. */
  inherit(address: CheckpointAddress, lineage: number): void {
    this.#seen.set(checkpointKey(address), lineage)
  }

  /** The generation of the run that continues from this checkpoint; undefined: this process never met it. */
  of(address: Address): number | undefined {
    return this.#seen.get(checkpointKey(address))
  }

  /** The same for writes, which may come before their checkpoint: then the run is the one that read the thread last. */
  ofWrites(address: CheckpointAddress): number | undefined {
    return this.of(address) ?? this.#seen.get(threadKey(address.threadId))
  }
}

/** With the lengths in front, so that no two addresses have one key. */
function threadKey(threadId: string): string {
  return `${threadId.length} ${threadId}`
}

function checkpointKey({ threadId, ns, checkpointId }: Address): string {
  return `${threadId.length} ${threadId}${ns.length} ${ns} ${checkpointId ?? ''}`
}
