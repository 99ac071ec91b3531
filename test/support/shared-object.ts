/** Finds objects that two values have in common. */

/** An object reachable from both values, or undefined. Functions and prototypes are not looked at. */
export function sharedObject(one: unknown, other: unknown): object | undefined {
  const others = reachable(other, new Set())
  for (const object of reachable(one, new Set())) if (others.has(object)) return object
  return undefined
}

function reachable(value: unknown, found: Set<object>): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  found.add(value)
  if (ArrayBuffer.isView(value)) return reachable(value.buffer, found)
  if (value instanceof Map) for (const entry of value) reachable(entry[0], reachable(entry[1], found))
  if (value instanceof Set) for (const element of value) reachable(element, found)
  // (A stack is made when it is first read, from fields that may be anything.)
  for (const key of Reflect.ownKeys(value)) if (key !== 'stack') reachable(Reflect.get(value, key), found)
  return found
}
