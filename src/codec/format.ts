/**
 * The stored form of values, as JSON. src/codec/README.md tells it with examples, for someone with psql only.
 *
 * A **node** is a value: in a manifest (one line a channel), in `writes.value`, or inside another node.
 *   "v…"                         the part holds the value's JSON text
 *   {"is": json}                 the value itself, up to INLINE_CHARS
 *   {"list": [item, …]}          an array: the items' elements, one after the other
 *   {"map": [item, …]}           an object: the items' entries, one after the other
 *   {"text": [item, …]}          a long value: the JSON text is the pieces, joined
 *   {"bytes": [item, …]}         a Uint8Array: the pieces, joined
 *   {"serde": type, "bytes": [item, …]}   what a caller's own serializer wrote
 *
 * An **item** is a run of elements, entries or pieces:
 *   "v…"           one element                   "g…"      several elements or entries, in one part
 *   {"is": json}   several, here                 "t…" "b…" one piece
 *   "i…"           the part holds a list of items that stand in this place
 *   node           one element, itself cut       ["key", node]   one entry
 */

/** Of the bytes: parts, manifests, writes. Changes only with a reader for every older one. 1: the first. */
export const FORMAT_VERSION = 1

/** A value up to this many characters of JSON stands in the manifest instead of in a part. */
export const INLINE_CHARS = 64
/** An element from this size on is a part of its own, so that a message in its write and in the list is one part. */
export const ELEMENT_CHARS = 1024
/** Smaller neighbours share parts of about this size … */
export const GROUP_CHARS = 4096
/** … and never more than this. */
export const GROUP_MAX_CHARS = 16_384
/** A nested object beyond this is cut itself; a nested array from ELEMENT_CHARS on. */
export const NEST_CHARS = 16_384
/** Items of a list or map that take more than this in a manifest, or in another node, move to an index part. */
export const NODE_CHARS = 4096
/** Long strings and bytes are cut at this length: no stored unit exceeds 192 KB of UTF-8. */
export const PIECE_LENGTH = 65_536
/** No part that this package writes is larger, whatever is in it; one that is stored is not looked into. */
export const MAX_PART_CHARS = 1_048_576
/** Items per index part: at least, at most. The place between is chosen by content. */
export const FANOUT_MIN = 8
export const FANOUT_MAX = 16

export type Node = string | InlineNode | ListNode | MapNode | TextNode | BytesNode
export interface InlineNode {
  readonly is: unknown
}
export interface ListNode {
  readonly list: readonly Item[]
}
export interface MapNode {
  readonly map: readonly Item[]
}
export interface TextNode {
  readonly text: readonly Item[]
}
export interface BytesNode {
  readonly bytes: readonly Item[]
  /** The type tag of a caller's own serializer; absent: the value is the bytes. */
  readonly serde?: string
}
/** An item, see above; `[key, node]` only in a map. */
export type Item = string | InlineNode | ListNode | MapNode | TextNode | readonly [string, Node]

/** Channel -> node, in the order of `channel_values`. */
export type Manifest = Readonly<Record<string, Node>>

/**
 * The beginning of a channel's line in a manifest. JSON has no line break inside, so a line that begins so is that
 * channel's, which lets SQL look for a channel without parsing.
 */
export function manifestKey(channel: string): string {
  return `${JSON.stringify(channel)}:`
}

/** The text of a manifest: JSON, one line a channel. */
export function manifestText(lines: readonly string[]): string {
  return lines.length === 0 ? '{\n}' : `{\n${lines.join(',\n')}\n}`
}

/** Adds a line to a manifest's text. put_1 in sql/ does the same. */
export function addManifestLine(manifest: string, line: string): string {
  return `${manifest.slice(0, -2)}${manifest === '{\n}' ? '' : ','}\n${line}\n}`
}

/** Whether a manifest's text has exactly this line. put_1 in sql/ does the same. */
export function hasManifestLine(manifest: string, line: string): boolean {
  return manifest.includes(`\n${line},\n`) || manifest.includes(`\n${line}\n`)
}
