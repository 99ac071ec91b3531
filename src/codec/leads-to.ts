/** Which parts a value leads to, and which of them are still to be fetched. */
import { MAX_PART_CHARS, type Item, type Node } from './format.ts'
import { isPartName, type Part, type PartName, type Parts } from './part.ts'

/** Gives a part if it is at hand. */
type PartSource = (name: PartName) => Part | undefined

/**
 * Adds to `missing` the names that a node leads to and `source` does not have. Index parts at hand are followed, each
 * once. What is malformed is passed by: the decoder refuses it, and can say where it stands.
 */
export function collectMissing(node: Node | Item, source: PartSource, missing: Set<PartName>): void {
  const followed = new Set<string>()
  const open: unknown[] = [node]
  while (open.length > 0) {
    const item = open.pop()
    if (typeof item === 'string') {
      if (!isPartName(item) || followed.has(item)) continue
      const part = source(item)
      if (part === undefined) missing.add(item)
      else if (item.startsWith('i')) {
        followed.add(item)
        if (part.size <= MAX_PART_CHARS) pushItems(open, itemsOf(part))
      }
    } else if (Array.isArray(item)) open.push(item[1])
    else if (typeof item === 'object' && item !== null && !('is' in item)) {
      const { list, map, text, bytes } = item as Record<string, unknown>
      pushItems(open, list ?? map ?? text ?? bytes)
    }
  }
}

function itemsOf(part: Part): unknown {
  try {
    return part.wire
  } catch {
    return undefined // no JSON
  }
}

/** In reverse, so that they are taken in their order. */
function pushItems(open: unknown[], items: unknown): void {
  if (!Array.isArray(items)) return
  for (let at = items.length - 1; at >= 0; at--) open.push(items[at])
}

/** Those of the parts at hand that the nodes lead to. */
export function reachable(nodes: readonly Node[], found: Parts): Parts {
  const parts = new Map<PartName, Part>()
  const take = (name: PartName) => {
    const part = found.get(name)
    if (part !== undefined) parts.set(name, part)
    return part
  }
  for (const node of nodes) collectMissing(node, take, new Set())
  return parts
}
