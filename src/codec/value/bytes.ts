/** Binary data: `{"$bytes":["Float32Array","<base64>"]}`. The bytes are the view's own, in the platform's order (little-endian wherever Node runs but s390x). */

import { types } from 'node:util'
import { UnreadableValueError } from '../../errors.ts'
import type { Wire } from './markers.ts'
import { constructorName, isBuiltinPrototype } from './plain.ts'

/** The name of a class of binary data, or undefined for a subclass or an unknown class. */
export function bytesClass(value: ArrayBufferLike | ArrayBufferView): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object
  const name = constructorName(prototype) ?? ''
  const known = CLASSES.get(name)
  return known !== undefined && isBuiltinPrototype(prototype, known.prototype) ? name : undefined
}

/** The built-in class that a subclass of binary data extends. A Buffer's is Uint8Array. */
export function bytesBase(value: ArrayBufferLike | ArrayBufferView): string {
  if (!ArrayBuffer.isView(value)) return 'ArrayBuffer'
  return types.isTypedArray(value) ? (Reflect.get(TYPED_ARRAY, Symbol.toStringTag, value) as string) : 'DataView'
}

/** What all typed arrays extend. It reads the name from an internal slot, whatever a subclass says. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object

/** Whether the bytes are the value's alone, and their number can't change. */
export function hasOwnMemory(value: ArrayBufferLike | ArrayBufferView): boolean {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  return types.isArrayBuffer(buffer) && !('resizable' in buffer && buffer.resizable === true)
}

export function encodeBytes(name: string, value: ArrayBufferLike | ArrayBufferView): Wire {
  const view = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value)
  return [name, view.toString('base64')]
}

/** The binary data that `encodeBytes` described, in memory of its own. */
export function decodeBytes(argument: Wire): unknown {
  if (!Array.isArray(argument) || argument.length !== 2)
    throw new UnreadableValueError('$bytes takes a class and base64 text')
  const [name, text] = argument as readonly unknown[]
  if (typeof name !== 'string' || typeof text !== 'string')
    throw new UnreadableValueError('$bytes takes a class and base64 text')
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (text.length % 4 !== 0 || text.slice(0, text.length - padding).search(/[^A-Za-z0-9+/]/) !== -1)
    throw new UnreadableValueError('$bytes holds text that is not base64')
  const known = CLASSES.get(name)
  if (known === undefined) throw new UnreadableValueError('$bytes names a class that is not known')
  const length = (text.length / 4) * 3 - padding
  // Not `Buffer.from`: its small results share one pool, which the value would keep alive and expose through `.buffer`.
  const bytes = Buffer.alloc(length)
  bytes.write(text, 'base64')
  try {
    return known.make(bytes)
  } catch {
    throw new UnreadableValueError(`$bytes holds ${length} bytes, which do not make whole elements`)
  }
}

interface BytesClass {
  readonly prototype: object
  readonly make: (bytes: Buffer) => unknown
}

type View = new (buffer: ArrayBufferLike) => object

function viewClass(Class: View): BytesClass {
  return { prototype: Class.prototype as object, make: (bytes) => new Class(bytes.buffer) }
}

const CLASSES: ReadonlyMap<string, BytesClass> = new Map<string, BytesClass>([
  ['Buffer', { prototype: Buffer.prototype, make: (bytes) => bytes }],
  ['ArrayBuffer', { prototype: ArrayBuffer.prototype, make: (bytes) => bytes.buffer }],
  ['DataView', viewClass(DataView)],
  ['Uint8Array', viewClass(Uint8Array)],
  ['Int8Array', viewClass(Int8Array)],
  ['Uint8ClampedArray', viewClass(Uint8ClampedArray)],
  ['Int16Array', viewClass(Int16Array)],
  ['Uint16Array', viewClass(Uint16Array)],
  ['Int32Array', viewClass(Int32Array)],
  ['Uint32Array', viewClass(Uint32Array)],
  ['Float32Array', viewClass(Float32Array)],
  ['Float64Array', viewClass(Float64Array)],
  ['BigInt64Array', viewClass(BigInt64Array)],
  ['BigUint64Array', viewClass(BigUint64Array)],
  ...float16(),
])

/** Float16Array came with Node 24. */
function float16(): [string, BytesClass][] {
  const Class: unknown = Reflect.get(globalThis, 'Float16Array')
  return typeof Class === 'function' ? [['Float16Array', viewClass(Class as View)]] : []
}
