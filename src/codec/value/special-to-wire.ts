/** Writing what JSON has no form for: built-in objects, and instances of known classes. */

import { types } from 'node:util'
import { bytesClass, encodeBytes, hasOwnMemory } from './bytes.ts'
import { errorClass, errorFields } from './error-value.ts'
import { instanceToWire } from './instance-marker.ts'
import type { Wire } from './markers.ts'
import { constructorName, isBuiltinPrototype, isObjectPrototype } from './plain.ts'
import { recognise } from './recognise.ts'
import type { ContainerWriter } from './container-writer.ts'

export function specialToWire(writer: ContainerWriter, value: object, prototype: object | null): Wire {
  if (prototype === null) {
    writer.checkKeys(value)
    return { $null: writer.entries({ ...value }) }
  }
  if (types.isProxy(value)) return writer.refuse('Proxy')
  const known = recognise(value, prototype)
  if (known !== undefined) return instanceToWire(writer, value, known)
  // An object literal of another realm. (A class that hides behind `Object.prototype` has an internal slot.)
  if (isObjectPrototype(prototype) && !hasSlots(value)) return writer.object(value)
  return builtinToWire(writer, value, prototype) ?? writer.refuse(kindOf(value, prototype))
}

function hasSlots(value: object): boolean {
  return types.isArgumentsObject(value) || types.isExternal(value) || types.isModuleNamespaceObject(value)
}

function builtinToWire(writer: ContainerWriter, value: object, prototype: object): Wire {
  if (types.isNativeError(value)) return errorToWire(writer, value)
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return bytesToWire(writer, value)
  const marker = simpleToWire(writer, value, prototype)
  if (marker !== undefined) {
    writer.checkKeys(value)
    if (Object.keys(value).length > 0) writer.refuse(`${constructorName(prototype)} with fields of its own`)
  }
  return marker
}

function errorToWire(writer: ContainerWriter, error: Error): Wire {
  const name = errorClass(error)
  if (name === undefined) return undefined
  if (Object.getOwnPropertySymbols(error).some((symbol) => Object.prototype.propertyIsEnumerable.call(error, symbol))) {
    writer.refuse('symbol-keyed property')
  }
  const [hidden, shown] = errorFields(error)
  const fields = [hidden, shown].map((part) => writer.entries(part))
  return { $error: Object.keys(shown).length === 0 ? [name, fields[0]] : [name, ...fields] }
}

function bytesToWire(writer: ContainerWriter, value: ArrayBufferLike | ArrayBufferView): Wire {
  if (!hasOwnMemory(value)) writer.refuse('piece of shared or resizable memory')
  if (Object.getOwnPropertySymbols(value).length > 0) writer.refuse('symbol-keyed property')
  const name = bytesClass(value)
  if (name === undefined) return undefined
  writer.count((value.byteLength / 3) * 4)
  return { $bytes: encodeBytes(name, value) }
}

function simpleToWire(writer: ContainerWriter, value: object, prototype: object): Wire {
  if (types.isDate(value) && isBuiltinPrototype(prototype, Date.prototype)) {
    return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() }
  }
  if (types.isMap(value) && isBuiltinPrototype(prototype, Map.prototype)) {
    return {
      $map: Array.from(value, ([key, element], index) => [
        writer.at([index, 'key'], key),
        writer.at([index, 'value'], element),
      ]),
    }
  }
  if (types.isSet(value) && isBuiltinPrototype(prototype, Set.prototype)) {
    return { $set: Array.from(value, (element, index) => writer.at(index, element)) }
  }
  if (types.isRegExp(value) && isBuiltinPrototype(prototype, RegExp.prototype)) return regExpToWire(writer, value)
  if (prototype === URL.prototype && value instanceof URL) return { $url: value.href }
  return undefined
}

function regExpToWire(writer: ContainerWriter, { source, flags, lastIndex }: RegExp): Wire {
  if (!Number.isSafeInteger(lastIndex) || Object.is(lastIndex, -0))
    writer.refuse('RegExp with a lastIndex that is no index')
  return { $regexp: lastIndex === 0 ? [source, flags] : [source, flags, lastIndex] }
}

/** What to call a value that can't be stored. */
function kindOf(value: object, prototype: object): string {
  if (types.isPromise(value)) return 'Promise'
  if (types.isBoxedPrimitive(value)) return 'boxed primitive'
  if (types.isGeneratorObject(value) || (Symbol.iterator in value && 'next' in value)) return 'generator or iterator'
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef)
    return constructorName(prototype) ?? 'weak collection'
  if (types.isArgumentsObject(value)) return 'arguments object'
  const name = constructorName(prototype)
  return name === undefined || name === '' ? 'class without a name' : `class ${name}`
}
