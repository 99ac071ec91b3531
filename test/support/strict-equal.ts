/** The strictest equality that a serializer can be held to, and where two values first differ. */

/**
 * Where and how two values differ, or undefined if they do not.
 *
 * Equal are: prototypes, own keys and their order, whether each is enumerable, holes, -0, NaN, undefined; times, bytes,
 * sources, entries of built-in objects in order. Not compared: identity, the stack of an error.
 */
export function difference(actual: unknown, expected: unknown, path = '$'): string | undefined {
  if (typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null) {
    return Object.is(actual, expected) ? undefined : `${path}: ${show(actual)} is not ${show(expected)}`
  }
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return `${path}: other prototypes`
  return internals(actual, expected, path) ?? ownProperties(actual, expected, path)
}

function ownProperties(actual: object, expected: object, path: string): string | undefined {
  const skipped = expected instanceof Error ? ['stack'] : ArrayBuffer.isView(expected) ? Object.keys(expected) : []
  const keys = (value: object): PropertyKey[] =>
    Reflect.ownKeys(value).filter((key) => !skipped.includes(key as string))
  const [some, others] = [keys(actual), keys(expected)]
  // What a prompt template assigns from its arguments has their order, which is not part of it.
  if ('lc_runnable' in expected)
    for (const list of [some, others]) list.sort((a, b) => (String(a) < String(b) ? -1 : 1))
  if (some.length !== others.length || some.some((key, index) => key !== others[index])) {
    return `${path}: own keys ${some.map(String).join()} are not ${others.map(String).join()}`
  }
  for (const key of others) {
    const [one, other] = [Object.getOwnPropertyDescriptor(actual, key), Object.getOwnPropertyDescriptor(expected, key)]
    if (one?.enumerable !== other?.enumerable) return `${path}.${String(key)}: enumerable in one only`
    const found = difference(Reflect.get(actual, key), Reflect.get(expected, key), `${path}.${String(key)}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** What a built-in object holds outside of its properties. */
function internals(actual: object, expected: object, path: string): string | undefined {
  if (expected instanceof Date) return difference((actual as Date).getTime(), expected.getTime(), `${path}.getTime()`)
  if (expected instanceof RegExp) {
    const { source, flags } = actual as RegExp
    return difference([source, flags], [expected.source, expected.flags], `${path}.source`)
  }
  if (expected instanceof URL) return difference((actual as URL).href, expected.href, `${path}.href`)
  if (expected instanceof Map)
    return difference([...(actual as Map<unknown, unknown>)], [...expected], `${path}.entries()`)
  if (expected instanceof Set) return difference([...(actual as Set<unknown>)], [...expected], `${path}.values()`)
  if (expected instanceof ArrayBuffer || ArrayBuffer.isView(expected)) {
    return Buffer.compare(bytes(actual as ArrayBuffer), bytes(expected)) === 0 ? undefined : `${path}: other bytes`
  }
  return undefined
}

function bytes(value: ArrayBuffer | ArrayBufferView): Buffer {
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value)
}

function show(value: unknown): string {
  if (typeof value === 'object') return value === null ? 'null' : 'an object'
  return Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? typeof value)
}
