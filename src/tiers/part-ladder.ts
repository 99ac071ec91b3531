/** Brings the parts of a value: from this process, else from the tiers further away, else from the store. */
import { collectMissing, reachable } from '../codec/leads-to.ts'
import type { Node } from '../codec/format.ts'
import type { Part, PartName, Parts } from '../codec/part.ts'
import type { PartTier } from './part-tier.ts'
import { SingleFlight } from './single-flight.ts'

/** Asks the store: the parts with these names and, if it can, all that their index parts lead to. */
export type PartFetch = (names: readonly PartName[]) => Promise<readonly Part[]>

export class PartLadder {
  readonly #tiers: readonly PartTier[]
  /** In this process: asked part by part, synchronously. The others are asked level by level. */
  readonly #near: readonly PartTier[]
  readonly #flights: ReadonlyMap<PartTier, SingleFlight>
  readonly #storeFlight = new SingleFlight(true)

  /** @param tiers nearest first */
  constructor(tiers: readonly PartTier[]) {
    this.#tiers = tiers
    this.#near = tiers.filter((tier) => tier.peek !== undefined)
    this.#flights = new Map(
      tiers.filter((tier) => tier.peek === undefined).map((tier) => [tier, new SingleFlight(false)]),
    )
  }

  /** Whether a tier outside this process can be asked now. */
  hasUsableFarTier(): boolean {
    for (const tier of this.#flights.keys()) if (tier.isUsable()) return true
    return false
  }

  /** Offers parts that have become durable to all tiers. */
  offer(threadId: string, parts: readonly Part[]): void {
    offerTo(this.#tiers, threadId, parts)
  }

  /** Removes the parts of a thread that was deleted, as far as they are known, from all tiers. */
  forget(threadId: string, names: readonly PartName[]): void {
    for (const tier of this.#tiers) tier.forget(threadId, names)
  }

  /**
   * All parts that the nodes lead to; the store has sent `brought` already. A tier is offered what it lacked. Parts that a
   * shared question brought for another reader are left out, as nothing says that they are still stored. So is a part
   * that is nowhere: the decoder names it in its error.
   */
  async bring(threadId: string, nodes: readonly Node[], brought: readonly Part[], fetch: PartFetch): Promise<Parts> {
    const found = new Map<PartName, Part>()
    if (brought.length > 0) {
      for (const part of brought) found.set(part.name, part)
      this.offer(threadId, brought)
    }
    const missing = new Set<PartName>()
    for (const node of nodes) collectMissing(node, (name) => found.get(name) ?? this.#peek(name, found), missing)
    if (missing.size > 0) await this.#climb(threadId, missing, found, fetch)
    else if (brought.length === 0) return found
    return reachable(nodes, found)
  }

  /** A part that is found is kept in `found`, as the tier may drop it before the value is decoded. */
  #peek(name: PartName, found: Map<PartName, Part>): Part | undefined {
    for (const tier of this.#near) {
      const part = tier.peek?.(name)
      if (part === undefined) continue
      found.set(name, part)
      return part
    }
    return undefined
  }

  /** Asks each far tier, then the store. The index parts in an answer name the parts to ask for next. */
  async #climb(
    threadId: string,
    wanted: ReadonlySet<PartName>,
    found: Map<PartName, Part>,
    fetch: PartFetch,
  ): Promise<void> {
    let missing = wanted
    /** Takes an answer. @returns whether it held anything that was missing */
    const take = (parts: readonly Part[]): boolean => {
      for (const part of parts) found.set(part.name, part)
      const before = missing
      const still = new Set<PartName>()
      const source = (name: PartName) => found.get(name) ?? (before.has(name) ? undefined : this.#peek(name, found))
      for (const name of before) collectMissing(name, source, still)
      missing = still
      for (const name of before) if (found.has(name)) return true
      return false
    }

    for (const [tier, flight] of this.#flights) {
      const nearer = this.#tiers.slice(0, this.#tiers.indexOf(tier))
      const asked = new Set<PartName>()
      for (let fresh = missing; fresh.size > 0; fresh = without(missing, asked)) {
        for (const name of fresh) asked.add(name)
        take(
          await flight.get(threadId, fresh, async (names) => {
            const parts = await tier.get(threadId, [...names])
            offerTo(nearer, threadId, parts)
            return parts
          }),
        )
      }
    }
    let isProgress = true
    while (missing.size > 0 && isProgress) {
      isProgress = take(
        await this.#storeFlight.get(threadId, missing, async (names) => {
          const parts = await fetch([...names])
          this.offer(threadId, parts)
          return parts
        }),
      )
    }
  }
}

function offerTo(tiers: readonly PartTier[], threadId: string, parts: readonly Part[]): void {
  if (parts.length > 0) for (const tier of tiers) tier.offer(threadId, parts)
}

function without(names: ReadonlySet<PartName>, others: ReadonlySet<PartName>): ReadonlySet<PartName> {
  return new Set([...names].filter((name) => !others.has(name)))
}
