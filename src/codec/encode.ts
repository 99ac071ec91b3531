/**
 * Values to nodes and parts: the second stage of `put`, all CPU, synchronous, before any connection is taken.
 * The same content gives the same node and the same parts, whatever the memo holds, down to MAX_CUT_DEPTH.
 */
import { TooLargeError } from '../errors.ts'
import { bytePieces, endsGroup, foldItems, textPieces, type Folds } from './cut.ts'
import { ELEMENT_CHARS, INLINE_CHARS, NEST_CHARS, PIECE_LENGTH } from './format.ts'
import { WHOLE, WHOLE_CONTAINER, type Encoded, type Memo } from './memo.ts'
import { Part, type PartName } from './part.ts'
import { DEFAULT_VALUE_LIMITS, isPlainArray, isPlainObject, stringifyValue, type ValueLimits } from './value.ts'

/** The parts that nodes name, each once. */
export type PartSet = Map<PartName, Part>

/** Containers nested deeper than this are not cut any more, only stored. */
const MAX_CUT_DEPTH = 32

export class Encoder {
  readonly #memo: Memo
  readonly #limits: ValueLimits

  constructor(memo: Memo, limits: ValueLimits = DEFAULT_VALUE_LIMITS) {
    this.#memo = memo
    this.#limits = limits
  }

  /** The JSON text of the node that stands for a value; its parts are added to `out`. */
  encode(value: unknown, path: string, out: PartSet): string {
    const { node, chars } = this.#memo.inside(() => this.#encode(value, path, out, 0))
    if (chars > this.#limits.maxChars) throw tooLarge(path, chars, this.#limits)
    return node
  }

  /** The node of what a caller's own serializer made of a value: its bytes are the parts. */
  encodeSerialized(type: string, bytes: Uint8Array, out: PartSet): string {
    return `{"serde":${JSON.stringify(type)},"bytes":[${bytesItems(bytes, out, this.#memo.folds).join(',')}]}`
  }

  #encode(value: unknown, path: string, out: PartSet, depth: number): { node: string; chars: number } {
    if (typeof value === 'string' && value.length >= ELEMENT_CHARS) return this.#longString(value, path, out)
    if (typeof value !== 'object' || value === null)
      return textNode(this.#stringify(value, path, depth), out, this.#memo.folds)
    if (depth === 0 && Object.getPrototypeOf(value) === Uint8Array.prototype) {
      const bytes = value as Uint8Array
      return { node: `{"bytes":[${bytesItems(bytes, out, this.#memo.folds).join(',')}]}`, chars: bytes.length }
    }
    const known = this.#memo.find(value)
    // A container that is one part as an element may be several as a channel's value: only its own form counts.
    if (known?.index === WHOLE_CONTAINER || (known?.index === WHOLE && !isContainer(value))) {
      return { node: keep(known.part, out), chars: known.part.size }
    }
    if (depth < MAX_CUT_DEPTH) {
      if (isPlainArray(value)) return this.#list(value, path, out, depth)
      if (isCuttable(value)) return this.#map(value, path, out, depth)
    }
    return this.#remembered(value, this.#stringify(value, path, depth), out)
  }

  #list(list: readonly unknown[], path: string, out: PartSet, depth: number): { node: string; chars: number } {
    const run = new Run('list', this.#memo, out)
    for (let i = 0; i < list.length; i++) {
      const element = list[i]
      if (!this.#addKnown(run, '', element, out)) this.#add(run, '', element, `${path}[${i}]`, out, depth)
    }
    return run.end(list)
  }

  #map(map: Record<string, unknown>, path: string, out: PartSet, depth: number): { node: string; chars: number } {
    const run = new Run('map', this.#memo, out)
    for (const name of Object.keys(map)) {
      const key = JSON.stringify(name)
      if (!this.#addKnown(run, key, map[name], out)) this.#add(run, key, map[name], `${path}.${name}`, out, depth)
    }
    return run.end(map)
  }

  /** Adds an element or entry that has not changed since it was remembered; whether that could be done. */
  #addKnown(run: Run, key: string, value: unknown, out: PartSet): boolean {
    if (typeof value !== 'object' || value === null) return false
    const known = this.#memo.find(value)
    if (known === undefined) return false
    const { part, index } = known
    if (index >= 0) {
      const text = JSON.stringify((part.wire as readonly unknown[])[index])
      if (text.length >= ELEMENT_CHARS) return false
      run.small(key, text, value, known)
    } else if (part.size < ELEMENT_CHARS) run.small(key, part.text, value)
    else if (part.size <= NEST_CHARS || !isContainer(value)) run.large(key, keep(part, out), part.size)
    else return false
    return true
  }

  /** One element (key '') or entry: small ones go to the run's group, others stand for themselves. */
  #add(run: Run, key: string, value: unknown, path: string, out: PartSet, depth: number): void {
    if (typeof value === 'object' && value !== null) {
      if (this.#memo.wasLarge(value) && depth < MAX_CUT_DEPTH) {
        const own: PartSet = new Map() // it may have become small
        const { node, chars } = this.#memo.inside(() => this.#encode(value, path, own, depth + 1))
        if (isCutAt(chars, value)) {
          for (const part of own.values()) keep(part, out)
          return run.large(key, node, chars)
        }
      }
    } else if (typeof value === 'string' && value.length >= ELEMENT_CHARS) {
      const { node, chars } = this.#longString(value, path, out)
      return run.large(key, node, chars)
    }
    const text = this.#stringify(value, path, depth + 1)
    if (text.length < ELEMENT_CHARS) return run.small(key, text, value)
    if (isCutAt(text.length, value) && depth < MAX_CUT_DEPTH && isContainer(value)) {
      this.#memo.rememberLarge(value)
      const { node } = this.#memo.inside(() => this.#encode(value, path, out, depth + 1))
      return run.large(key, node, text.length)
    }
    run.large(key, this.#remembered(value, text, out).node, text.length)
  }

  /** A value of one part is remembered as that part. */
  #remembered(value: unknown, text: string, out: PartSet): { node: string; chars: number } {
    if (text.length <= INLINE_CHARS || text.length > PIECE_LENGTH) return textNode(text, out, this.#memo.folds)
    const part = Part.of('v', text)
    this.#memo.remember(value, part, WHOLE)
    return { node: keep(part, out), chars: text.length }
  }

  #longString(value: string, path: string, out: PartSet): { node: string; chars: number } {
    let encoded: Encoded | undefined = this.#memo.findString(value)
    if (encoded === undefined) {
      const own: PartSet = new Map()
      encoded = { ...textNode(this.#stringify(value, path, 0), own, this.#memo.folds), parts: [...own.values()] }
      this.#memo.rememberString(value, encoded)
    }
    for (const part of encoded.parts) out.set(part.name, part)
    return encoded
  }

  #stringify(value: unknown, path: string, depth: number): string {
    return stringifyValue(value, path, { ...this.#limits, maxDepth: this.#limits.maxDepth - depth })
  }
}

/** Collects the elements of a list, or the entries of a map, into items. */
class Run {
  readonly #kind: 'list' | 'map'
  readonly #memo: Memo
  readonly #out: PartSet
  readonly #items: string[] = []
  #texts: string[] = []
  #members: unknown[] = []
  #groupChars = 0
  /** The part whose elements, from the first on, the group repeats so far; null once it doesn't. */
  #same: Part | null | undefined
  #chars = 1

  constructor(kind: 'list' | 'map', memo: Memo, out: PartSet) {
    this.#kind = kind
    this.#memo = memo
    this.#out = out
  }

  small(key: string, text: string, value: unknown, known?: { readonly part: Part; readonly index: number }): void {
    const whole = key === '' ? text : `${key}:${text}`
    const { length } = this.#texts
    // Only a list can repeat a group of a list: entries have keys, too.
    if (known === undefined || this.#kind !== 'list') this.#same = null
    else if (length === 0 && known.index === 0) this.#same = known.part
    else if (known.part !== this.#same || known.index !== length) this.#same = null
    this.#texts.push(whole)
    this.#members.push(value)
    this.#groupChars += whole.length + 1
    this.#chars += whole.length + 1
    if (endsGroup(whole, this.#groupChars)) this.#endGroup()
  }

  large(key: string, node: string, chars: number): void {
    this.#endGroup()
    this.#items.push(key === '' ? node : `[${key},${node}]`)
    this.#chars += chars + key.length + (key === '' ? 1 : 2)
  }

  /** The node of the whole container. */
  end(container: object): { node: string; chars: number } {
    const chars = Math.max(this.#chars, 2)
    if (this.#items.length === 0) {
      const text = this.#text()
      if (text.length <= INLINE_CHARS) return { node: `{"is":${text}}`, chars }
      const part = this.#part('v', text)
      this.#memo.remember(container, part, WHOLE_CONTAINER)
      return { node: keep(part, this.#out), chars }
    }
    this.#endGroup()
    return {
      node: `{"${this.#kind}":[${foldItems(this.#items, (part) => keep(part, this.#out), this.#memo.folds).join(',')}]}`,
      chars,
    }
  }

  #endGroup(): void {
    if (this.#texts.length > 0) {
      const text = this.#text()
      if (text.length <= INLINE_CHARS) this.#items.push(`{"is":${text}}`)
      else this.#items.push(keep(this.#part('g', text), this.#out))
    }
    this.#texts = []
    this.#members = []
    this.#groupChars = 0
    this.#same = undefined
  }

  #text(): string {
    const inner = this.#texts.join(',')
    return this.#kind === 'list' ? `[${inner}]` : `{${inner}}`
  }

  #part(kind: 'v' | 'g', text: string): Part {
    const same = this.#same
    if (same != null && same.name.startsWith(kind) && (same.wire as readonly unknown[]).length === this.#texts.length)
      return same
    const part = Part.of(kind, text)
    if (this.#kind === 'list') this.#members.forEach((member, i) => this.#memo.remember(member, part, i))
    return part
  }
}

function keep(part: Part, out: PartSet): string {
  out.set(part.name, part)
  return part.item
}

function textNode(text: string, out: PartSet, folds: Folds): { node: string; chars: number } {
  if (text.length <= INLINE_CHARS) return { node: `{"is":${text}}`, chars: text.length }
  if (text.length <= PIECE_LENGTH) return { node: keep(Part.of('v', text), out), chars: text.length }
  const items = textPieces(text).map((piece) => keep(Part.of('t', piece), out))
  return { node: `{"text":[${foldItems(items, (part) => keep(part, out), folds).join(',')}]}`, chars: text.length }
}

function bytesItems(bytes: Uint8Array, out: PartSet, folds: Folds): string[] {
  const items = bytePieces(bytes).map((piece) => keep(Part.of('b', piece), out))
  return foldItems(items, (part) => keep(part, out), folds)
}

/** A key is never cut, so an object with a long one is stored as one text, in pieces. */
function isCuttable(value: unknown): value is Record<string, unknown> {
  return isPlainObject(value) && Object.keys(value).every((key) => key.length < ELEMENT_CHARS)
}

function isContainer(value: unknown): value is object {
  return isPlainArray(value) || isCuttable(value)
}

/** Whether a container inside another is cut, too. Arrays sooner: a large element of theirs may stand elsewhere, too. */
function isCutAt(chars: number, container: unknown): boolean {
  return chars > NEST_CHARS || (chars >= ELEMENT_CHARS && Array.isArray(container))
}

function tooLarge(path: string, chars: number, limits: ValueLimits): TooLargeError {
  return new TooLargeError(path, `is ${(chars / 1_048_576).toFixed(1)} MiB of JSON text`, 'maxChars', limits.maxChars)
}
