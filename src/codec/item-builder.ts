/** Collects the members of one list or object into items: large ones by themselves, small neighbours in groups. */
import { endsGroup, foldItems, MemberScanner } from './cut.ts'
import { ELEMENT_CHARS, INLINE_CHARS, NODE_CHARS } from './format.ts'
import { Group } from './group.ts'
import { itemsIn } from './json-items.ts'
import type { Memo } from './memo.ts'
import { Part, type PartName } from './part.ts'

/** The parts that nodes name, each once. */
export type PartSet = Map<PartName, Part>

/** Notes that a node names a part, and gives the part's item. */
export function keep(part: Part, out: PartSet): string {
  out.set(part.name, part)
  return part.item
}

/** A value's node, and how large the value is. */
export interface Cut {
  readonly node: string
  /** Characters of JSON text. */
  readonly chars: number
  /** Elements and entries, as `maxItems` counts them. */
  readonly items: number
}

/** Those in a JSON text. */
export function itemsOf(json: string): number {
  const first = json.charAt(0)
  return first === '{' || first === '[' ? itemsIn(json) : 0
}

export class ItemBuilder {
  readonly #kind: 'list' | 'map'
  readonly #memo: Memo
  readonly #out: PartSet
  readonly #items: string[] = []
  readonly #groups: Group[] = []
  /** Characters of the whole container so far, and its elements and entries at all depths. */
  #chars = 1
  #size = 5

  // The group that is being collected: how many members, the first one, their texts and what these take with commas.
  #count = 0
  #first: unknown
  #texts: string[] = []
  #groupChars = 0
  /** The members so far are exactly those of this group; then `#texts` is empty. */
  #same: Group | undefined

  constructor(kind: 'list' | 'map', memo: Memo, out: PartSet) {
    this.#kind = kind
    this.#memo = memo
    this.#out = out
  }

  get isBetweenGroups(): boolean {
    return this.#count === 0
  }

  /** Adds one small member. */
  small(key: string, text: string, value: unknown): void {
    const whole = key === '' ? text : `${key}:${text}`
    this.#goOn()
    if (this.#count++ === 0) this.#first = value
    this.#size += 1 + itemsOf(text)
    this.#add(whole)
    if (endsGroup(whole, this.#groupChars)) this.#endGroup()
  }

  /**
   * Adds members from the text of several, as long as they are small.
   * @param text without the brackets
   * @param valueAt the member at a place in the text
   * @returns how many were added
   */
  smallOnes(text: string, valueAt: (index: number) => unknown): number {
    this.#goOn()
    const scanner = new MemberScanner(text)
    let count = 0
    let from = 0
    let to = 0
    while (scanner.next() && scanner.end - scanner.valueStart < ELEMENT_CHARS) {
      if (this.#count++ === 0) this.#first = valueAt(count)
      count++
      to = scanner.end
      if (!scanner.endsGroup(this.#groupChars + (to - from) + 1)) continue
      this.#add(text.slice(from, to))
      this.#endGroup()
      from = to + 1
    }
    if (to > from) this.#add(text.slice(from, to))
    this.#size += count + scanner.items
    return count
  }

  /** Adds the first `count` members of a group that was stored before. For between groups only. */
  group(group: Group, count: number, first: unknown): void {
    const { part } = group
    this.#first = first
    this.#count = count
    if (count < sizeOf(part.wire)) {
      const text = textOfFirst(part.wire, count)
      this.#size += itemsIn(text) + 1 // commas, and the first
      this.#add(text)
      return
    }
    this.#size += part.items - 4 // the part counts its own brackets
    this.#same = group
    this.#groupChars = part.size - 1
    this.#chars += part.size - 1
    if (group.endsByContent) this.#endGroup()
  }

  /** Adds a member that is an item by itself. */
  large(key: string, { node, chars, items }: Cut): void {
    this.#endGroup()
    this.#size += 1 + items
    this.#items.push(key === '' ? node : `[${key},${node}]`)
    this.#chars += chars + key.length + (key === '' ? 1 : 2)
  }

  /** The node of the whole container. */
  end(container: object): Cut {
    const [chars, items] = [Math.max(this.#chars, 2), this.#size]
    if (this.#items.length === 0) {
      const isEmptyOrShort = this.#same === undefined && this.#groupChars + 1 <= INLINE_CHARS
      if (isEmptyOrShort) return { node: `{"is":${this.#text()}}`, chars, items }
      const whole = this.#part('v')
      this.#memo.rememberContainer(container, { whole, groups: this.#groups })
      return { node: keep(whole, this.#out), chars, items }
    }
    this.#endGroup()
    if (this.#groups.length > 0) this.#memo.rememberContainer(container, { whole: undefined, groups: this.#groups })
    return { node: `{"${this.#kind}":[${this.#foldedItems()}]}`, chars, items }
  }

  #foldedItems(): string {
    const items = foldItems(this.#items, (part) => keep(part, this.#out), this.#memo.folds).join(',')
    return items.length <= NODE_CHARS ? items : keep(Part.of('i', `[${items}]`), this.#out)
  }

  /** The group goes on with other members than those of `#same`. */
  #goOn(): void {
    if (this.#same === undefined) return
    this.#texts.push(this.#same.part.text.slice(1, -1))
    this.#same = undefined
  }

  #add(text: string): void {
    this.#texts.push(text)
    this.#groupChars += text.length + 1
    this.#chars += text.length + 1
  }

  #endGroup(): void {
    if (this.#count > 0) {
      const isShort = this.#same === undefined && this.#groupChars + 1 <= INLINE_CHARS
      this.#items.push(isShort ? `{"is":${this.#text()}}` : keep(this.#part('g'), this.#out))
    }
    this.#count = 0
    this.#first = undefined
    this.#texts = []
    this.#groupChars = 0
    this.#same = undefined
  }

  #text(): string {
    const inner = this.#texts.join(',')
    return this.#kind === 'list' ? `[${inner}]` : `{${inner}}`
  }

  /** The part of the members collected, and a note of it as a group. */
  #part(kind: 'v' | 'g'): Part {
    const same = this.#same
    if (same !== undefined && same.part.name.startsWith(kind)) {
      this.#groups.push(same)
      return same.part
    }
    const part = Part.of(kind, same?.part.text ?? this.#text())
    const group = new Group(part)
    this.#memo.rememberGroup(this.#first, group)
    this.#groups.push(group)
    return part
  }
}

function sizeOf(wire: unknown): number {
  return Array.isArray(wire) ? wire.length : Object.keys(wire as object).length
}

/** The first members' texts, joined. */
function textOfFirst(wire: unknown, count: number): string {
  if (Array.isArray(wire)) return JSON.stringify(wire.slice(0, count)).slice(1, -1)
  return Object.entries(wire as object)
    .slice(0, count)
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    .join(',')
}
