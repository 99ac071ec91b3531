/**
 * What the wire tree adds to JSON.
 *
 * A marker is an object with exactly one own key, which starts with `$`. A user's object of that shape is written with
 * its key's first `$` doubled, so that no user data can be taken for a marker, and nothing else is ever escaped.
 */

/** JSON data: what `JSON.parse` gives. Trees are cached and shared, so they must not be changed. */
export type Wire = unknown

/** An object that is plain data: string keys, any values. */
export type WireRecord = { readonly [key: string]: Wire }

const DOLLAR = 36

/** For `isOwn.call(object, key)` in a `for in`, which V8 drops where the keys are all own. */
// oxlint-disable-next-line typescript/unbound-method -- it is called with an object
export const isOwn: (key: PropertyKey) => boolean = Object.prototype.hasOwnProperty

/** Whether an object with this as its only key would be read as a marker. */
export function isMarkerKey(key: string): boolean {
  return key.charCodeAt(0) === DOLLAR
}

/** A user's key for which `isMarkerKey` holds, as it is written when it is an object's only one. */
export function escapeKey(key: string): string {
  return `$${key}`
}

/** Whether a marker's key is an escaped user key. */
export function isEscapedKey(key: string): boolean {
  return key.charCodeAt(1) === DOLLAR
}

/** Undoes `escapeKey`. */
export function unescapeKey(key: string): string {
  return key.slice(1)
}

/** Whether a wire tree is a JSON object (not an array, not null). */
export function isWireRecord(wire: Wire): wire is WireRecord {
  return typeof wire === 'object' && wire !== null && !Array.isArray(wire)
}

/** Sets an own property even where assignment would do something else (`__proto__`). */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    ;(target as Record<string, unknown>)[key] = value
  }
}

/** A new record with the same keys and other values. */
export function mapEntries(record: WireRecord, map: (wire: Wire) => unknown): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...record }
  // The copy has an own `__proto__` if the record has, so this assignment reaches no prototype.
  for (const key of Object.keys(copy)) copy[key] = map(copy[key])
  return copy
}
