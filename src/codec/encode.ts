/**
 * Values to nodes and parts: the second stage of `put`, all CPU, synchronous, before any connection is taken.
 * The same content gives the same node and the same parts, whatever the memo holds, down to MAX_CUT_DEPTH.
 */
import { TooLargeError } from '../errors.ts'
import { bytePieces, foldItems, textPieces, type Folds } from './cut.ts'
import { ELEMENT_CHARS, INLINE_CHARS, NEST_CHARS, PIECE_LENGTH } from './format.ts'
import { type Cut, ItemBuilder, itemsOf, keep, type PartSet } from './item-builder.ts'
import { ListMembers, MapMembers, type Members } from './members.ts'
import type { Encoded, Memo } from './memo.ts'
import { MemoCursor } from './memo-cursor.ts'
import { Part } from './part.ts'
import { DEFAULT_VALUE_LIMITS, isPlainArray, isPlainObject, stringifyValue, type ValueRules } from './value.ts'
import type { LostClasses } from './value/lost-classes.ts'

export type { PartSet } from './item-builder.ts'

/** Containers nested deeper than this are not cut any more, only stored. */
const MAX_CUT_DEPTH = 32

/** After so many small members the next ones are serialized together, at first as many, at most … */
const FIRST_BATCH = 8
/** … so many. */
const LARGEST_BATCH = 512

export class Encoder {
  readonly #memo: Memo
  readonly #rules: ValueRules
  /** For a batch, in which paths are not what they are in the value. */
  readonly #batchRules: ValueRules
  readonly #isUnchanged: (value: unknown, wire: unknown) => boolean

  /** @param lost the classes that were told of already */
  constructor(memo: Memo, rules: ValueRules = DEFAULT_VALUE_LIMITS, lost?: LostClasses) {
    this.#memo = memo
    this.#rules = rules
    const onLostClass: ValueRules['onLostClass'] = ({ className }) => {
      if (lost?.has(className) !== true) throw new Error('its path is to be told')
    }
    this.#batchRules = { ...rules, onLostClass: lost === undefined ? undefined : onLostClass }
    this.#isUnchanged = (value, wire) => memo.isUnchanged(value, wire)
  }

  /** The JSON text of the node that stands for a value; its parts are added to `out`. */
  encode(value: unknown, path: string, out: PartSet): string {
    const { node, chars, items } = this.#encode(value, path, out, 0)
    const { maxChars, maxItems } = this.#rules
    if (chars > maxChars) throw tooLarge(path, chars, maxChars)
    if (items > maxItems) throw this.#tooMany(path, items)
    return node
  }

  /** The node of a value that a caller's own serializer turned into bytes: its parts hold these. */
  encodeSerialized(type: string, bytes: Uint8Array, path: string, out: PartSet): string {
    if (bytes.length > this.#rules.maxChars) throw tooLarge(path, bytes.length, this.#rules.maxChars)
    return `{"serde":${JSON.stringify(type)},"bytes":[${bytesItems(bytes, out, this.#memo.folds).join(',')}]}`
  }

  #encode(value: unknown, path: string, out: PartSet, depth: number): Cut {
    if (typeof value === 'string' && value.length >= ELEMENT_CHARS) return this.#longString(value, path, out)
    if (typeof value !== 'object' || value === null)
      return textNode(this.#stringify(value, path, depth), out, this.#memo.folds)
    if (depth === 0 && Object.getPrototypeOf(value) === Uint8Array.prototype) {
      const bytes = value as Uint8Array
      return {
        node: `{"bytes":[${bytesItems(bytes, out, this.#memo.folds).join(',')}]}`,
        chars: bytes.length,
        items: 0,
      }
    }
    const whole = this.#memo.findContainer(value)
    if (whole !== undefined) return ofPart(whole, out)
    if (Array.isArray(value) && value.length > this.#rules.maxItems) throw this.#tooMany(path, value.length)
    if (depth < MAX_CUT_DEPTH) {
      if (isPlainArray(value)) return this.#cut(new ListMembers(value, path), out, depth)
      if (isCuttable(value)) return this.#cut(new MapMembers(value, path), out, depth)
    }
    // A container that is one part as an element may be several as a channel's value: only its own form counts.
    const part = isContainer(value) ? undefined : this.#memo.findMember(value)
    if (part !== undefined) return ofPart(part, out)
    return this.#remembered(value, this.#stringify(value, path, depth), out)
  }

  #cut(members: Members, out: PartSet, depth: number): Cut {
    const builder = new ItemBuilder(members.kind, this.#memo, out)
    const cursor = new MemoCursor(this.#memo, members.container)
    let small = 0
    for (let at = 0; at < members.length;) {
      let added = builder.isBetweenGroups ? this.#addKnownGroup(builder, cursor, members, at) : 0
      if (added === 0 && small >= FIRST_BATCH)
        added = this.#addBatch(builder, members, at, Math.min(at + small, at + LARGEST_BATCH), depth)
      if (added === 0) {
        const value = members.value(at)
        const key = members.key(at)
        const isSmall =
          this.#addKnown(builder, cursor, key, value, out) ??
          this.#add(builder, key, value, members.path(at), out, depth)
        small = isSmall ? small : 0
        added = 1
      }
      small += added
      at += added
    }
    return builder.end(members.container)
  }

  /** Adds as much of a group that was stored before as has not changed; how many members that is. */
  #addKnownGroup(builder: ItemBuilder, cursor: MemoCursor, members: Members, from: number): number {
    const first = members.value(from)
    for (const group of cursor.groupsFrom(first)) {
      const count = members.countSame(from, group.part.wire, this.#isUnchanged)
      if (count === 0) continue
      cursor.passed(group)
      builder.group(group, count, first)
      return count
    }
    return 0
  }

  /**
   * Adds small members that are not remembered, several at a time: most of the time to serialize one goes into the call.
   * @returns how many; 0 where one is to be added by itself, because it is large or can't be stored
   */
  #addBatch(builder: ItemBuilder, members: Members, from: number, most: number, depth: number): number {
    let to = from
    while (to < most && to < members.length && this.#isUnknown(members.value(to))) to++
    if (to - from < 2) return 0 // a single entry might look like a marker
    let text: string
    try {
      text = this.#stringify(members.slice(from, to), '', depth, this.#batchRules)
    } catch {
      return 0 // by itself, a member is refused with its own path
    }
    return builder.smallOnes(text.slice(1, -1), (index) => members.value(from + index))
  }

  #isUnknown(value: unknown): boolean {
    if (typeof value === 'string') return value.length < ELEMENT_CHARS
    return typeof value !== 'object' || value === null || this.#memo.member(value) === undefined
  }

  /** Adds a member that has a part of its own and has not changed. Whether it is small; undefined if it can't be added so. */
  #addKnown(builder: ItemBuilder, cursor: MemoCursor, key: string, value: unknown, out: PartSet): boolean | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const part = cursor.find(value)
    if (part === undefined) return undefined
    const isSmall = part.size < ELEMENT_CHARS
    if (isSmall) builder.small(key, part.text, value)
    else if (part.size <= NEST_CHARS || !isContainer(value)) builder.large(key, ofPart(part, out))
    else return undefined
    return isSmall
  }

  /** Adds one member: a small one to a group, another one as an item. Whether it is small. */
  #add(builder: ItemBuilder, key: string, value: unknown, path: string, out: PartSet, depth: number): boolean {
    if (typeof value === 'object' && value !== null) {
      if (this.#memo.wasLarge(value) && depth < MAX_CUT_DEPTH) {
        const own: PartSet = new Map() // it may have become small
        const cut = this.#encode(value, path, own, depth + 1)
        if (isCutAt(cut.chars, value)) {
          for (const part of own.values()) keep(part, out)
          builder.large(key, cut)
          return false
        }
      }
    } else if (typeof value === 'string' && value.length >= ELEMENT_CHARS) {
      builder.large(key, this.#longString(value, path, out))
      return false
    }
    const text = this.#stringify(value, path, depth + 1)
    if (text.length < ELEMENT_CHARS) {
      builder.small(key, text, value)
      return true
    }
    if (isCutAt(text.length, value) && depth < MAX_CUT_DEPTH && isContainer(value)) {
      this.#memo.rememberLarge(value)
      builder.large(key, this.#encode(value, path, out, depth + 1))
    } else builder.large(key, this.#remembered(value, text, out))
    return false
  }

  /** A value of one part is remembered as that part. */
  #remembered(value: unknown, text: string, out: PartSet): Cut {
    if (text.length <= INLINE_CHARS || text.length > PIECE_LENGTH) return textNode(text, out, this.#memo.folds)
    const part = Part.of('v', text)
    this.#memo.remember(value, part)
    return ofPart(part, out)
  }

  #longString(value: string, path: string, out: PartSet): Cut {
    let encoded: Encoded | undefined = this.#memo.findString(value)
    if (encoded === undefined) {
      const own: PartSet = new Map()
      encoded = { ...textNode(this.#stringify(value, path, 0), own, this.#memo.folds), parts: [...own.values()] }
      this.#memo.rememberString(value, encoded)
    }
    for (const part of encoded.parts) out.set(part.name, part)
    return encoded
  }

  #tooMany(path: string, items: number): TooLargeError {
    return new TooLargeError(path, `has ${items} elements and entries`, 'maxItems', this.#rules.maxItems)
  }

  #stringify(value: unknown, path: string, depth: number, rules: ValueRules = this.#rules): string {
    return stringifyValue(value, path, depth === 0 ? rules : { ...rules, maxDepth: rules.maxDepth - depth })
  }
}

function ofPart(part: Part, out: PartSet): Cut {
  return { node: keep(part, out), chars: part.size, items: part.items }
}

function textNode(text: string, out: PartSet, folds: Folds): Cut {
  const size = { chars: text.length, items: itemsOf(text) }
  if (text.length <= INLINE_CHARS) return { node: `{"is":${text}}`, ...size }
  if (text.length <= PIECE_LENGTH) return { node: keep(Part.of('v', text), out), ...size }
  const items = textPieces(text).map((piece) => keep(Part.of('t', piece), out))
  return { node: `{"text":[${foldItems(items, (part) => keep(part, out), folds).join(',')}]}`, ...size }
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

function tooLarge(path: string, chars: number, limit: number): TooLargeError {
  return new TooLargeError(path, `is ${(chars / 1_048_576).toFixed(1)} MiB of JSON text`, 'maxChars', limit)
}
