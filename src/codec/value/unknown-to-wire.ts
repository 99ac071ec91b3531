/**
 * Writing an instance of a class that is neither known nor registered: as the nearest thing that can be kept, which the
 * writer is told (`lose`), or not at all.
 *
 * | instance | is kept as |
 * |---|---|
 * | of a subclass of Error | an error of the nearest built-in class, with name, message, cause and its own fields |
 * | of a subclass of a message or of another known class | that class, with its own fields |
 * | with a `toJSON` | what that returns |
 * | of a subclass of Array, Map, Set, Date, bytes and the like | that built-in class |
 * | a boxed primitive | the primitive |
 * | any other, also behind a Proxy | an object of its own enumerable properties |
 */

import { types } from 'node:util'
import { BUILTINS, bytesToWire, errorToWire } from './builtin-to-wire.ts'
import { bytesBase } from './bytes.ts'
import type { ContainerWriter } from './container-writer.ts'
import { errorClass } from './error-value.ts'
import { instanceToWire } from './instance-marker.ts'
import type { Wire } from './markers.ts'
import { constructorName } from './plain.ts'
import { recogniseAncestor } from './recognise.ts'

export function unknownToWire(writer: ContainerWriter, value: object, prototype: object | null): Wire {
  const isProxy = types.isProxy(value)
  const kind = isProxy ? kindOfProxy(value) : kindWithoutData(value, prototype)
  if (kind !== undefined) writer.refuse(kind)
  const { as, write } = (isProxy ? undefined : nearestBuiltin(writer, value, prototype)) ?? plainData(writer, value)
  const name = isProxy ? 'Proxy' : (prototype === null ? undefined : constructorName(prototype)) || NAMELESS
  writer.lose(name, kindOfClass(value, name), as)
  return write()
}

/** What an instance is kept as, and how that is written. */
interface Kept {
  readonly as: string
  readonly write: () => Wire
}

function nearestBuiltin(writer: ContainerWriter, value: object, prototype: object | null): Kept | undefined {
  if (types.isBoxedPrimitive(value)) return { as: 'a primitive', write: () => writer.inner(primitiveOf(value)) }
  const error = prototype === null ? undefined : errorClass(value, prototype)
  if (error !== undefined) return { as: error.name, write: () => errorToWire(writer, value, error.name) }
  const known = prototype === null ? undefined : recogniseAncestor(value, prototype)
  if (known !== undefined) return { as: known.name, write: () => instanceToWire(writer, value, known) }
  if (ownToJson(value) !== undefined) return undefined
  if (Array.isArray(value)) return { as: 'Array', write: () => arrayToWire(writer, value) }
  const builtin = BUILTINS.find(({ is }) => is(value))
  if (builtin !== undefined) return { as: builtin.name, write: () => builtin.write(writer, value) }
  if (!types.isAnyArrayBuffer(value) && !ArrayBuffer.isView(value)) return undefined
  const base = bytesBase(value)
  return { as: base, write: () => bytesToWire(writer, value, base) }
}

function plainData(writer: ContainerWriter, value: object): Kept {
  const toJson = ownToJson(value)
  const write = () => {
    const data = toJson === undefined ? value : toJson.call(value, '')
    if (data !== value) return writer.inner(data)
    return Array.isArray(value) ? arrayToWire(writer, value) : writer.object({ ...value })
  }
  return { as: 'plain data', write }
}

function arrayToWire(writer: ContainerWriter, array: readonly unknown[]): Wire {
  writer.countItems(array.length)
  return writer.array(Array.from(array))
}

/** Its `toJSON`, unless that is the one of a built-in class that it extends. */
function ownToJson(value: object): ToJson | undefined {
  const toJson: unknown = Reflect.get(value, 'toJSON')
  return typeof toJson === 'function' && !BUILTIN_TO_JSON.has(toJson) ? (toJson as ToJson) : undefined
}

const NAMELESS = 'class without a name'

type ToJson = (key: string) => unknown

const BUILTIN_TO_JSON: ReadonlySet<unknown> = new Set(
  [Date, URL, Buffer].map(({ prototype }) => Reflect.get(prototype, 'toJSON') as unknown),
)

function kindOfClass(value: object, name: string): string {
  if (types.isBoxedPrimitive(value)) return 'boxed primitive'
  return name === NAMELESS || name === 'Proxy' ? name : `class ${name}`
}

/** A Proxy shows what its handler wants to show, but what is in an internal slot can't be read through it. */
function kindOfProxy(value: object): string | undefined {
  return SLOTTED.some((Class) => value instanceof Class) ? 'Proxy' : undefined
}

const SLOTTED: readonly (abstract new (...args: never[]) => object)[] = [
  Map,
  Set,
  Date,
  RegExp,
  Promise,
  WeakMap,
  WeakSet,
  ArrayBuffer,
  Error,
  URL,
  URLSearchParams,
  Headers,
]

/** Not by methods that a subclass may have replaced. A boxed symbol was refused before. */
function primitiveOf(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  return BigInt.prototype.valueOf.call(value as unknown as bigint)
}

/** What has no data to keep. */
function kindWithoutData(value: object, prototype: object | null): string | undefined {
  if (types.isPromise(value)) return 'Promise'
  if (types.isSymbolObject(value)) return 'symbol'
  if (types.isGeneratorObject(value) || (Symbol.iterator in value && 'next' in value)) return 'generator or iterator'
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef)
    return (prototype === null ? undefined : constructorName(prototype)) ?? 'weak collection'
  if (types.isArgumentsObject(value)) return 'arguments object'
  if (types.isModuleNamespaceObject(value)) return 'module'
  if (types.isExternal(value)) return 'native object'
  return undefined
}
