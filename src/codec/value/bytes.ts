/** Binary data: `{"$bytes":["Float32Array","<base64>"]}`. The bytes are the view's own, in the platform's order (little-endian wherever Node runs but s390x). */

import { UnreadableValueError } from '../../errors.ts'
import type { Wire } from './markers.ts'
import { constructorName, prototypeDepth } from './plain.ts'

/** The stored form's name for a class of binary data, or undefined for a subclass or a kind that can't be stored. */
export function bytesClass(value: ArrayBufferLike | ArrayBufferView): string | undefined {
  const name = constructorName(Object.getPrototypeOf(value) as object)
  if (name === undefined || !CLASSES.has(name)) return undefined
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  // Its length is not its own: another part of the program can change it.
  if ('resizable' in buffer && buffer.resizable === true) return undefined
  // A subclass that borrows a built-in's name is not that built-in.
  const depth = prototypeDepth(value)
  return depth === (name === 'Buffer' ? 4 : name === 'ArrayBuffer' || name === 'DataView' ? 2 : 3) ? name : undefined
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
  const make = CLASSES.get(name)
  if (make === undefined) throw new UnreadableValueError('$bytes names a class that is not known')
  const length = (text.length / 4) * 3 - padding
  // Not `Buffer.from`: its small results share one pool, which the value would keep alive and expose through `.buffer`.
  const bytes = Buffer.alloc(length)
  bytes.write(text, 'base64')
  try {
    return make(bytes)
  } catch {
    throw new UnreadableValueError(`$bytes holds ${length} bytes, which do not make whole elements`)
  }
}

type Make = (bytes: Buffer) => unknown

function elements(View: new (buffer: ArrayBufferLike) => unknown): Make {
  return (bytes) => new View(bytes.buffer)
}

const CLASSES: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['Buffer', (bytes) => bytes],
  ['ArrayBuffer', (bytes) => bytes.buffer],
  ['DataView', (bytes) => new DataView(bytes.buffer)],
  ['Uint8Array', elements(Uint8Array)],
  ['Int8Array', elements(Int8Array)],
  ['Uint8ClampedArray', elements(Uint8ClampedArray)],
  ['Int16Array', elements(Int16Array)],
  ['Uint16Array', elements(Uint16Array)],
  ['Int32Array', elements(Int32Array)],
  ['Uint32Array', elements(Uint32Array)],
  ['Float32Array', elements(Float32Array)],
  ['Float64Array', elements(Float64Array)],
  ['BigInt64Array', elements(BigInt64Array)],
  ['BigUint64Array', elements(BigUint64Array)],
  ...float16(),
])

/** Float16Array came with Node 24. */
function float16(): [string, Make][] {
  const View: unknown = Reflect.get(globalThis, 'Float16Array')
  return typeof View === 'function'
    ? [['Float16Array', elements(View as new (buffer: ArrayBufferLike) => unknown)]]
    : []
}
