/** A part: immutable bytes named by their hash; the unit that is stored once a thread, cached and verified. */
import { createHash, createHmac, hash } from 'node:crypto'
import { itemsIn } from './json-items.ts'
import { parseWire } from './value.ts'

/**
 * What the bytes of a part are; the first character of its name.
 * - `v` the JSON text of one value
 * - `g` the JSON text of a few small neighbours: an array of elements, or an object of entries
 * - `i` an index: the JSON text of a list of items (see format.ts), which continue a longer list
 * - `t` a piece of a JSON text that is too long for one part
 * - `b` a piece of raw bytes
 */
export type PartKind = 'v' | 'g' | 'i' | 't' | 'b'

declare const brand: unique symbol

/** A kind and 22 characters of base64url: 132 bits of SHA-256 over kind and bytes. Only `namePart` makes one. */
export type PartName = string & { readonly [brand]: true }

/** Whether a string has the form of a part's name: a kind and 22 characters. */
export function isPartName(text: string): text is PartName {
  return /^[vgitb][A-Za-z0-9_-]{22}$/.test(text)
}

/**
 * Names a part by its content.
 *
 * @param key makes the name an HMAC, so that equal content in two places can't be told from outside. Unused until
 * encryption comes; part of the function so that the format needs no change then.
 */
export function namePart(kind: PartKind, body: string | Uint8Array, key?: Uint8Array): PartName {
  const digest =
    key !== undefined
      ? createHmac('sha256', key).update(kind).update(body).digest('base64url')
      : typeof body === 'string'
        ? hash('sha256', kind + body, 'base64url') // one-shot: a third of createHash's time at 2 KB
        : createHash('sha256').update(kind).update(body).digest('base64url')
  return (kind + digest.slice(0, 22)) as PartName
}

/**
 * A part in memory. JSON is held either as text or as the tree it parses to ("wire tree"), never as both: a tree gives
 * its text back to the letter, since JSON.stringify wrote it.
 */
export class Part {
  readonly name: PartName
  /** The name as an item: in quotes. One string, so that comparing items is comparing pointers. */
  readonly item: string
  /** Characters of JSON text, or bytes. */
  readonly size: number
  #text: string | undefined
  #wire: unknown
  readonly bytes: Uint8Array | undefined
  #items: number | undefined
  /** A note of `KnownThreads`: by what it is known to be stored. A look at it takes a tenth of a look for the name. */
  basis: object | undefined

  private constructor(name: PartName, body: string | Uint8Array) {
    this.name = name
    this.item = `"${name}"`
    this.size = body.length
    if (typeof body === 'string') this.#text = body
    else this.bytes = body
  }

  /** A part of content that we just made. */
  static of(kind: PartKind, body: string | Uint8Array): Part {
    return new Part(namePart(kind, body), body)
  }

  /** A part from somewhere else, verified: undefined where the content is not what the name says. */
  static verified(name: string, body: string | Uint8Array): Part | undefined {
    return namePart(name.charAt(0) as PartKind, body) === name ? new Part(name as PartName, body) : undefined
  }

  /** Elements and entries in it, as `maxItems` counts them. */
  get items(): number {
    return this.bytes === undefined ? (this.#items ??= itemsIn(this.text)) : 0
  }

  /** The JSON text. */
  get text(): string {
    return this.#text ?? JSON.stringify(this.#wire)
  }

  /** The tree the text parses to. All readers share it, so it must not be changed. */
  get wire(): unknown {
    if (this.#text !== undefined) {
      this.#wire = parseWire(this.#text)
      this.#items ??= itemsIn(this.#text) // while the text is there
      this.#text = undefined
    }
    return this.#wire
  }
}

/** Parts that are at hand. */
export type Parts = ReadonlyMap<PartName, Part>
