/** Writing built-in objects. */

import { types } from 'node:util'
import { bytesClass, encodeBytes, hasOwnMemory } from './bytes.ts'
import type { ContainerWriter } from './container-writer.ts'
import { errorClass, errorFields } from './error-value.ts'
import type { Wire } from './markers.ts'
import { constructorName, isBuiltinPrototype } from './plain.ts'

/** A built-in object of no subclass. */
export function builtinToWire(writer: ContainerWriter, value: object, prototype: object): Wire {
  const error = errorClass(value, prototype)
  if (error?.isExact === true) return errorToWire(writer, value, error.name)
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    if (!hasOwnMemory(value)) writer.refuse('piece of shared or resizable memory')
    const name = bytesClass(value)
    return name === undefined ? undefined : bytesToWire(writer, value, name)
  }
  const builtin = BUILTINS.find(({ is, prototype: own }) => is(value) && isBuiltinPrototype(prototype, own))
  if (builtin === undefined) return undefined
  // Headers keep what they are in a property with a symbol for a key in some releases of Node.
  if (!(value instanceof Headers)) writer.checkKeys(value)
  if (Object.keys(value).length > 0) writer.refuse(`${constructorName(prototype)} with fields of its own`)
  return builtin.write(writer, value)
}

export function errorToWire(writer: ContainerWriter, error: object, name: string): Wire {
  if (name !== 'DOMException') writer.checkKeys(error)
  const [hidden, shown] = errorFields(error, name)
  const fields = [hidden, shown].map((part) => writer.entries(part))
  return { $error: Object.keys(shown).length === 0 ? [name, fields[0]] : [name, ...fields] }
}

export function bytesToWire(writer: ContainerWriter, value: ArrayBufferLike | ArrayBufferView, name: string): Wire {
  writer.checkKeys(value)
  writer.count((value.byteLength / 3) * 4)
  return { $bytes: encodeBytes(name, value) }
}

interface Builtin {
  readonly name: string
  readonly prototype: object
  readonly is: (value: object) => boolean
  readonly write: (writer: ContainerWriter, value: object) => Wire
}

function describe<Value extends object>(
  Class: { readonly name: string; readonly prototype: object },
  is: (value: object) => value is Value,
  write: (value: Value, writer: ContainerWriter) => Wire,
): Builtin {
  return { name: Class.name, prototype: Class.prototype, is, write: (writer, value) => write(value as Value, writer) }
}

/** Built-in objects other than errors and bytes, subclasses included. */
export const BUILTINS: readonly Builtin[] = [
  describe(Date, types.isDate, (date) => ({
    $date: Number.isNaN(time(date)) ? null : new Date(time(date)).toISOString(),
  })),
  describe(Map, types.isMap, (map, writer) => {
    writer.countItems(map.size * 5)
    return {
      $map: Array.from(Map.prototype.entries.call(map), ([key, element], index) => [
        writer.at([index, 'key'], key),
        writer.at([index, 'value'], element),
      ]),
    }
  }),
  describe(Set, types.isSet, (set, writer) => {
    writer.countItems(set.size)
    return { $set: Array.from(Set.prototype.values.call(set), (element, index) => writer.at(index, element)) }
  }),
  describe(RegExp, types.isRegExp, regExpToWire),
  describe(
    URL,
    (value) => value instanceof URL,
    (url) => ({ $url: url.href }),
  ),
  describe(
    URLSearchParams,
    (value) => value instanceof URLSearchParams,
    (params) => ({ $params: String(params) }),
  ),
  describe(
    Headers,
    (value) => value instanceof Headers,
    (headers) => ({ $headers: [...headers] }),
  ),
]

/** Not by a method that a subclass may have replaced. */
function time(date: Date): number {
  return Date.prototype.getTime.call(date)
}

function regExpToWire({ source, flags, lastIndex }: RegExp, writer: ContainerWriter): Wire {
  if (!Number.isSafeInteger(lastIndex) || Object.is(lastIndex, -0))
    writer.refuse('RegExp with a lastIndex that is no index')
  return { $regexp: lastIndex === 0 ? [source, flags] : [source, flags, lastIndex] }
}
