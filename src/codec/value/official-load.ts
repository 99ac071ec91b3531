/**
 * LangChain's objects from their `lc: 1` records, as `load()` of @langchain/core makes them: by their constructors, for
 * the records hold arguments. `load()` itself is not used: it is asynchronous, parses each object's text again, and
 * reaches every export of the package.
 */

import { MESSAGE_CLASSES, SERIALIZABLE_CLASSES } from './known-classes.ts'
import type { KnownClass } from './known-class.ts'

interface Loadable {
  readonly construct: new (kwargs: object) => object
  /** Keys that are stored under another name, or would be respelled if they were not listed. */
  readonly aliases: ReadonlyMap<string, string>
}

const LOADABLE: ReadonlyMap<string, Loadable> = new Map([
  ...[...MESSAGE_CLASSES].map(([name, known]) => [`langchain_core/messages/${name}`, loadable(known)] as const),
  ...[...SERIALIZABLE_CLASSES].map(([id, known]) => [id, loadable(known)] as const),
])

/** The object with this id, or undefined if it is not on the list or its constructor refuses the arguments. */
export function loadObject(id: readonly unknown[], kwargs: object): object | undefined {
  const found = id.every((part) => typeof part === 'string') ? LOADABLE.get(id.join('/')) : undefined
  if (found === undefined) return undefined
  const given: Record<string, unknown> = {}
  // No key comes out of `camelCase` as `__proto__`, and an alias is one of the class's own.
  for (const [key, value] of Object.entries(kwargs)) {
    // Arguments that were undefined were written as such; LangGraph's serializer drops them when it reads.
    if (value !== undefined) given[found.aliases.get(key) ?? camelCase(key)] = value
  }
  try {
    return new found.construct(given)
  } catch {
    return undefined
  }
}

function loadable({ prototype }: KnownClass): Loadable {
  const aliases = new Map<string, string>()
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const declared: unknown = Reflect.get(at, 'lc_aliases')
    if (typeof declared === 'object' && declared !== null) {
      for (const [key, stored] of Object.entries(declared)) aliases.set(String(stored), key)
    }
  }
  return { construct: prototype.constructor as Loadable['construct'], aliases }
}

/** As LangChain respells stored keys. */
function camelCase(key: string): string {
  const trimmed = key.trim()
  if (!/[-_\s]/.test(trimmed)) return trimmed
  return trimmed
    .replace(/[-_\s]+/g, '_')
    .toLowerCase()
    .replace(/_+([a-z0-9])/g, (_, character: string) => character.toUpperCase())
}
