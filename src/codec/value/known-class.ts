/** A class of LangChain or LangGraph whose instances are data, seen by the own fields of its instances. */

import type { Wire } from './markers.ts'
import { prototypeDepth } from './plain.ts'

/** The marker an instance is written as. */
export type InstanceTag =
  | '$message'
  | '$lc'
  | '$generation'
  | '$document'
  | '$send'
  | '$overwrite'
  | '$delta'
  | '$command'

/** Under which own key an instance keeps what its constructor was given, if it keeps it. */
export type BaseKey = 'lc_kwargs' | symbol | undefined

/** One own field of a class. */
export interface Field {
  readonly name: string
  /** Whether it is the one that holds what the constructor was given. */
  readonly isBase: boolean
  /** Whether the class sets it, whatever its constructor is given. */
  readonly fixed: boolean
  /** What it is in an instance whose constructor is given nothing for it: a primitive, or a flat array or object of such. */
  readonly fallback: Wire
}

/** How the instances of one class are laid out. Read from a sample, so that it follows the installed version. */
export interface KnownClass {
  readonly tag: InstanceTag
  /** The name in the marker, unique for its tag. */
  readonly name: string
  readonly prototype: object
  /** How many prototypes its instances have above them. */
  readonly depth: number
  readonly base: BaseKey
  /** The own string keys in order, which are the names of `fields`. */
  readonly keys: readonly string[]
  readonly fields: readonly Field[]
  /** The own symbol keys other than the base (`Symbol.for('langchain.message')`); their value is `true`. */
  readonly symbols: readonly symbol[]
}

/** Fields that say what an instance is. A constructor that is given them (by a spread instance) does not take them. */
const FIXED: ReadonlySet<string> = new Set([
  'lc_serializable',
  'lc_namespace',
  'lc_runnable',
  'lc_direct_tool_output',
  'type',
  'lg_name',
])

/** Describes a class by an instance made with as little as its constructor takes. */
export function describeClass(tag: InstanceTag, name: string, make: () => object, base?: BaseKey): KnownClass {
  const sample = make()
  const given = base === undefined ? undefined : (Reflect.get(sample, base) as object)
  const keys = Object.keys(sample)
  return {
    tag,
    name,
    prototype: Object.getPrototypeOf(sample) as object,
    depth: prototypeDepth(sample),
    base,
    keys,
    fields: keys.map((key) => describeField(key, Reflect.get(sample, key), given, key === base)),
    symbols: Object.getOwnPropertySymbols(sample).filter((symbol) => symbol !== base),
  }
}

function describeField(name: string, value: unknown, given: object | undefined, isBase: boolean): Field {
  const fixed = FIXED.has(name)
  const hasFallback = !isBase && (fixed || (given !== undefined && !Object.hasOwn(given, name)))
  return { name, isBase, fixed, fallback: hasFallback ? structuredClone(value) : undefined }
}
