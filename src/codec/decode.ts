/** Nodes and parts back to values: the last stage of `getTuple`. Every value is built fresh; trees are never shared. */
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { PartMissingError, UnreadableValueError } from '../errors.ts'
import type { BytesNode, Item, Node } from './format.ts'
import { NEIGHBOURS, WHOLE, WHOLE_CONTAINER, type Memo } from './memo.ts'
import type { Part, PartName } from './part.ts'
import { parseWire, reviveWire } from './value.ts'
import { setOwn } from './value/markers.ts'

/** Who may have a part. */
export type PartSource = (name: PartName) => Part | undefined
/** Parts that are at hand. */
export type Parts = ReadonlyMap<PartName, Part>

/** The parts at hand that nodes lead to. */
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

/** Adds to `missing` the names that a node leads to and `source` does not have. Index parts at hand are followed. */
export function collectMissing(node: Node | Item, source: PartSource, missing: Set<PartName>): void {
  if (typeof node === 'string') {
    const part = source(node as PartName)
    if (part === undefined) missing.add(node as PartName)
    else if (node.startsWith('i')) for (const item of part.wire as Item[]) collectMissing(item, source, missing)
  } else if (isEntry(node)) collectMissing(node[1], source, missing)
  else if (!('is' in node)) for (const item of itemsOf(node)) collectMissing(item, source, missing)
}

export class Decoder {
  readonly #memo: Memo
  readonly #serde: SerializerProtocol

  constructor(memo: Memo, serde: SerializerProtocol) {
    this.#memo = memo
    this.#serde = serde
  }

  /** The value of a node; a promise only where a caller's own serializer wrote it. */
  decode(node: Node, parts: Parts): unknown {
    if (typeof node === 'string') return this.#ofPart(must(parts, node), WHOLE_CONTAINER)
    if ('is' in node) return reviveWire(node.is)
    if ('list' in node) return this.#list(node.list, parts)
    if ('map' in node) return this.#map(node.map, parts)
    if ('text' in node)
      return reviveWire(
        parseWire(
          pieces(node.text, parts)
            .map((part) => part.text)
            .join(''),
        ),
      )
    if ('bytes' in node) return this.#bytes(node, parts)
    throw new UnreadableValueError('a node has a form that this release does not know')
  }

  /** An entry's value. Where that is a part of its own, it is one as an element; as a channel's value it may be cut. */
  #entry(node: Node, parts: Parts): unknown {
    return typeof node === 'string' ? this.#ofPart(must(parts, node), WHOLE) : this.decode(node, parts)
  }

  #ofPart(part: Part, place: number): unknown {
    const value = reviveWire(part.wire)
    this.#memo.remember(value, part, place)
    return value
  }

  #list(items: readonly Item[], parts: Parts, into: unknown[] = []): unknown[] {
    let neighbours: { elements: object[]; parts: Part[] } | undefined
    for (const item of items) {
      if (typeof item !== 'string') {
        if (!isEntry(item) && 'is' in item) for (const element of item.is as unknown[]) into.push(reviveWire(element))
        else into.push(this.decode(item as Node, parts))
        continue
      }
      const part = must(parts, item)
      if (item.startsWith('i')) this.#list(part.wire as Item[], parts, into)
      else if (item.startsWith('g')) {
        const wire = part.wire as unknown[]
        for (let i = 0; i < wire.length; i++) {
          const value = reviveWire(wire[i])
          this.#memo.remember(value, part, i)
          into.push(value)
        }
      } else {
        const value = reviveWire(part.wire)
        into.push(value)
        if (typeof value !== 'object' || value === null) continue
        if (neighbours === undefined || neighbours.elements.length === NEIGHBOURS) {
          neighbours = { elements: [], parts: [] }
          this.#memo.rememberNeighbours(value, neighbours)
        }
        neighbours.elements.push(value)
        neighbours.parts.push(part)
      }
    }
    return into
  }

  #map(items: readonly Item[], parts: Parts, into: Record<string, unknown> = {}): Record<string, unknown> {
    for (const item of items) {
      if (isEntry(item)) setOwn(into, item[0], this.#entry(item[1], parts))
      else if (typeof item !== 'string') addEntries(into, (item as { is: object }).is)
      else if (item.startsWith('i')) this.#map(must(parts, item).wire as Item[], parts, into)
      else addEntries(into, must(parts, item).wire as object)
    }
    return into
  }

  #bytes(node: BytesNode, parts: Parts): unknown {
    const bytes = new Uint8Array(Buffer.concat(pieces(node.bytes, parts).map((part) => part.bytes as Uint8Array)))
    return node.serde === undefined ? bytes : this.#serde.loadsTyped(node.serde, bytes)
  }
}

/** The parts of a long text or of bytes, in order. */
function pieces(items: readonly Item[], parts: Parts): Part[] {
  return items.flatMap((item) => {
    const part = must(parts, item as string)
    return part.name.startsWith('i') ? pieces(part.wire as Item[], parts) : [part]
  })
}

function addEntries(into: Record<string, unknown>, wire: object): void {
  for (const [key, value] of Object.entries(wire)) setOwn(into, key, reviveWire(value))
}

function isEntry(item: Node | Item): item is readonly [string, Node] {
  return Array.isArray(item)
}

function itemsOf(node: Exclude<Node, string | { is: unknown }>): readonly Item[] {
  if ('list' in node) return node.list
  if ('map' in node) return node.map
  return 'text' in node ? node.text : node.bytes
}

function must(parts: Parts, name: string): Part {
  const part = parts.get(name as PartName)
  if (part === undefined) throw new PartMissingError(name)
  return part
}
