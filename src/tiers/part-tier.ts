/** A tier is somebody who may have a part. Parts never change, so no tier ever has to forget one to be right. */
import { collectMissing, type Parts, type PartSource } from '../codec/decode.ts'
import type { Node } from '../codec/format.ts'
import type { Part, PartName } from '../codec/part.ts'

export interface PartTier {
  /** The one asked for, if it is at hand. */
  get(name: PartName): Part | undefined
  /** Takes parts that are durable already. */
  put(parts: Iterable<Part>): void
}

/** Asks further away: the parts with these names and, if it can, all that their index parts lead to. */
export type PartFetch = (names: readonly PartName[]) => Promise<readonly Part[]>

/**
 * Brings all parts that the nodes lead to: from `brought` and the tier what they have, the rest from `fetch`, and fills
 * the tier with that. What is nowhere stays missing; the decoder names it.
 */
export async function readThrough(
  nodes: readonly Node[],
  brought: readonly Part[],
  tier: PartTier,
  fetch: PartFetch,
): Promise<Parts> {
  const found = new Map<PartName, Part>(brought.map((part) => [part.name, part]))
  tier.put(brought)
  const source: PartSource = (name) => {
    const here = found.get(name)
    if (here !== undefined) return here
    const part = tier.get(name)
    // Held here too: the tier may drop it before the value is decoded.
    if (part !== undefined) found.set(name, part)
    return part
  }
  for (;;) {
    const missing = new Set<PartName>()
    for (const node of nodes) collectMissing(node, source, missing)
    if (missing.size === 0) return found
    const fetched = await fetch([...missing])
    if (fetched.length === 0) return found
    for (const part of fetched) found.set(part.name, part)
    tier.put(fetched)
  }
}
