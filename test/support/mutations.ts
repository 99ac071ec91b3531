/** Every way to change a value in place, at every depth of it. */

/** A change and how to name it in a failure. */
export interface Mutation {
  readonly what: string
  readonly apply: () => void
}

/** The changes that can be made to an object and all that it holds, whatever is frozen or read-only aside. */
export function mutationsOf(value: unknown, path = '$', seen: Set<object> = new Set()): Mutation[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  return [...ofInternals(value, path, seen), ...ofProperties(value, path, seen)]
}

function ofProperties(value: object, path: string, seen: Set<object>): Mutation[] {
  const found: Mutation[] = []
  for (const key of Reflect.ownKeys(value)) {
    // (A stack is made when it is first read, from fields that may be anything.)
    if (key === 'stack' || ArrayBuffer.isView(value)) continue
    const place = `${path}.${String(key)}`
    const property = Object.getOwnPropertyDescriptor(value, key)
    const old: unknown = Reflect.get(value, key)
    found.push(...mutationsOf(old, place, seen))
    if (property?.writable !== true || (Array.isArray(value) && key === 'length')) continue
    const set = (to: unknown): void => void Object.defineProperty(value, key, { ...property, value: to })
    found.push({ what: `${place} replaced`, apply: () => set(another(old)) })
    if (property.configurable === true)
      found.push({ what: `${place} deleted`, apply: () => Reflect.deleteProperty(value, key) })
  }
  if (!ArrayBuffer.isView(value)) {
    const property = { value: 'added', writable: true, enumerable: true, configurable: true }
    found.push({ what: `${path}.added`, apply: () => Object.defineProperty(value, 'added', property) })
  }
  if (Array.isArray(value)) {
    found.push({ what: `${path} pushed`, apply: () => value.push(0) })
    if (value.length > 0) found.push({ what: `${path} popped`, apply: () => value.pop() })
    if (value.length > 1) found.push({ what: `${path} rotated`, apply: () => value.push(value.shift()) })
    found.push({ what: `${path} longer`, apply: () => (value.length += 1) })
  }
  return found
}

function ofInternals(value: object, path: string, seen: Set<object>): Mutation[] {
  if (value instanceof Date)
    return [{ what: `${path}.setTime`, apply: () => value.setTime(another(value.getTime()) as number) }]
  if (value instanceof Set) {
    return [
      { what: `${path}.add`, apply: () => value.add('added') },
      { what: `${path}.clear`, apply: () => value.clear() },
      ...[...value].flatMap((element, index) => mutationsOf(element, `${path}[${index}]`, seen)),
    ]
  }
  if (value instanceof Map) {
    return [
      { what: `${path}.set`, apply: () => value.set('added', 1) },
      { what: `${path}.clear`, apply: () => value.clear() },
      ...[...value].flatMap(([key, element], index) => [
        { what: `${path}[${index}].value`, apply: () => value.set(key, another(element)) },
        ...mutationsOf(key, `${path}[${index}].key`, seen),
        ...mutationsOf(element, `${path}[${index}].value`, seen),
      ]),
    ]
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    return bytes.length === 0 ? [] : [{ what: `${path} byte`, apply: () => (bytes[0] = (bytes[0] as number) ^ 1) }]
  }
  if (value instanceof URL) return [{ what: `${path}.hash`, apply: () => (value.hash = '#changed') }]
  return []
}

/** Something else, and often of the same kind. */
function another(old: unknown): unknown {
  switch (typeof old) {
    case 'string':
      return `${old}.`
    case 'number':
      return Object.is(old, 0) ? -0 : Object.is(old, -0) || !Number.isFinite(old) || old === 2 ? 0 : old / 2 + 1
    case 'boolean':
      return !old
    case 'bigint':
      return Number(old)
    case 'undefined':
      return null
    default:
      return old === null ? undefined : Array.isArray(old) ? [...(old as unknown[]), 1] : 'replaced'
  }
}
