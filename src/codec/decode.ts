/**
 * Nodes and parts back to values: the last stage of `getTuple`. Every value is built fresh; trees are never shared.
 *
 * A row may hold anything: it may be damaged, or written by another program. So every form is checked before it is used,
 * and a value can't make the reader visit or build more than its limits allow.
 */
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { PartMissingError, UnreadableValueError } from '../errors.ts'
import { MAX_PART_CHARS } from './format.ts'
import { Group } from './group.ts'
import type { Memo } from './memo.ts'
import { Neighbours } from './neighbours.ts'
import { isPartName, type Part, type Parts } from './part.ts'
import { DEFAULT_VALUE_LIMITS, parseWire, type ValueRules, ValueReader } from './value.ts'
import { isWireRecord, setOwn } from './value/markers.ts'

/** Nodes inside one another and index parts inside one another, together: the writer makes a third of it at most. */
const MAX_NODE_DEPTH = 500

export class Decoder {
  readonly #memo: Memo
  readonly #serde: SerializerProtocol
  readonly #rules: ValueRules

  constructor(memo: Memo, serde: SerializerProtocol, rules: ValueRules = DEFAULT_VALUE_LIMITS) {
    this.#memo = memo
    this.#serde = serde
    this.#rules = rules
  }

  /**
   * The value of a node; a promise only where a caller's own serializer wrote it.
   * @param path says in errors where the value stands
   */
  decode(node: unknown, parts: Parts, path: string = '$'): unknown {
    try {
      return new NodeReader(this.#memo, this.#serde, parts, this.#rules).node(node, 0)
    } catch (error) {
      throw error instanceof UnreadableValueError ? error.at(path) : error
    }
  }
}

/** One walk through one value. */
class NodeReader {
  readonly #memo: Memo
  readonly #serde: SerializerProtocol
  readonly #parts: Parts
  readonly #values: ValueReader

  constructor(memo: Memo, serde: SerializerProtocol, parts: Parts, rules: ValueRules) {
    this.#memo = memo
    this.#serde = serde
    this.#parts = parts
    this.#values = new ValueReader(rules)
  }

  node(node: unknown, depth: number): unknown {
    if (typeof node === 'string') return this.#container(this.#part(node, 'v'))
    if (!isWireRecord(node)) throw unknownForm()
    if ('is' in node) return this.#values.revive(node['is'])
    if ('list' in node) return this.#list(node['list'], depth)
    if ('map' in node) return this.#map(node['map'], depth)
    if ('text' in node) return this.#text(node['text'])
    if ('bytes' in node) return this.#bytes(node['bytes'], node['serde'])
    throw unknownForm()
  }

  /** The value of a part that is the value of a channel. */
  #container(part: Part): unknown {
    const value = this.#values.revive(part.wire)
    if (typeof value !== 'object' || value === null) return value
    const group = new Group(part)
    this.#memo.rememberContainer(value, { whole: part, groups: [group] })
    if (Array.isArray(value)) this.#memo.rememberGroup(value[0], group)
    return value
  }

  #list(items: unknown, depth: number): unknown[] {
    const list: unknown[] = []
    const groups: Group[] = []
    let neighbours: Neighbours | undefined
    this.#items(items, depth, ['v', 'g'], (item) => {
      if (typeof item !== 'string') {
        const elements = isWireRecord(item) && 'is' in item ? item['is'] : undefined
        if (elements === undefined) list.push(this.node(item, depth + 1))
        else for (const element of this.#values.elements(elements)) list.push(this.#values.revive(element))
        return
      }
      const part = this.#part(item, item.charAt(0))
      if (item.startsWith('g')) {
        const group = new Group(part)
        const first = list.length
        for (const element of this.#values.elements(part.wire)) list.push(this.#values.revive(element))
        this.#memo.rememberGroup(list[first], group)
        groups.push(group)
        return
      }
      const value = this.#values.revive(part.wire)
      list.push(value)
      if (typeof value !== 'object' || value === null) return
      if (neighbours === undefined || neighbours.isFull) {
        neighbours = new Neighbours()
        this.#memo.rememberNeighbours(value, neighbours)
      }
      neighbours.add(value, part)
    })
    if (groups.length > 0) this.#memo.rememberContainer(list, { whole: undefined, groups })
    return list
  }

  #map(items: unknown, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    const groups: Group[] = []
    this.#items(items, depth, ['g'], (item) => {
      if (typeof item === 'string') {
        const part = this.#part(item, 'g')
        const group = new Group(part)
        this.#memo.rememberGroup(this.#addEntries(map, part.wire), group)
        groups.push(group)
      } else if (isEntry(item)) setOwn(map, item[0], this.#entry(item[1], depth))
      else this.#addEntries(map, isWireRecord(item) ? item['is'] : undefined)
    })
    if (groups.length > 0) this.#memo.rememberContainer(map, { whole: undefined, groups })
    return map
  }

  /** An entry's value. Where that is a part of its own, it is one as an element; as a channel's value it may be cut. */
  #entry(node: unknown, depth: number): unknown {
    if (typeof node !== 'string') return this.node(node, depth + 1)
    const part = this.#part(node, 'v')
    const value = this.#values.revive(part.wire)
    this.#memo.remember(value, part)
    return value
  }

  /** @returns the first entry's value */
  #addEntries(map: Record<string, unknown>, wire: unknown): unknown {
    if (!isWireRecord(wire)) throw unknownForm()
    let first: unknown
    for (const [index, [key, inner]] of Object.entries(wire).entries()) {
      const value = this.#values.revive(inner)
      if (index === 0) first = value
      setOwn(map, key, value)
    }
    return first
  }

  #text(items: unknown): unknown {
    const texts: string[] = []
    this.#items(items, 0, ['t'], (item) => texts.push(this.#part(item, 't').text))
    return this.#values.revive(parseWire(texts.join('')))
  }

  #bytes(items: unknown, serde: unknown): unknown {
    const pieces: Uint8Array[] = []
    let length = 0
    this.#items(items, 0, ['b'], (item) => {
      const { bytes } = this.#part(item, 'b')
      if (bytes === undefined) throw unknownForm()
      length += bytes.length
      pieces.push(bytes)
    })
    const whole = new Uint8Array(length)
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    if (serde === undefined) return whole
    if (typeof serde !== 'string') throw unknownForm()
    return this.#serde.loadsTyped(serde, whole)
  }

  /** Visits items in their order, those of index parts in the place of these. */
  #items(items: unknown, depth: number, kinds: readonly string[], visit: (item: unknown) => void): void {
    if (depth > MAX_NODE_DEPTH) throw new UnreadableValueError('its nodes are nested too deeply')
    for (const item of arrayOf(items)) {
      this.#values.visit()
      if (typeof item !== 'string') {
        if (kinds[0] === 't' || kinds[0] === 'b') throw unknownForm()
        visit(item)
      } else if (item.startsWith('i')) this.#items(this.#part(item, 'i').wire, depth + 1, kinds, visit)
      else if (kinds.includes(item.charAt(0))) visit(item)
      else throw unknownForm()
    }
  }

  /** The part with this name, of this kind. Each use of it counts. */
  #part(name: unknown, kind: string): Part {
    if (typeof name !== 'string' || !isPartName(name) || !name.startsWith(kind)) throw unknownForm()
    const part = this.#parts.get(name)
    if (part === undefined) throw new PartMissingError(name)
    if (part.size > MAX_PART_CHARS) throw new UnreadableValueError('one of its parts is larger than parts are')
    if ((part.bytes === undefined) === (kind === 'b')) throw unknownForm()
    this.#values.visit(part.size)
    return part
  }
}

function isEntry(item: unknown): item is readonly [string, unknown] {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === 'string'
}

function arrayOf(wire: unknown): readonly unknown[] {
  if (!Array.isArray(wire)) throw unknownForm()
  return wire
}

function unknownForm(): UnreadableValueError {
  return new UnreadableValueError('it is stored in a form that this release does not know')
}
