/** Random primitives, keys, texts and bytes, with a taste for those that break codecs. */

import * as fc from 'fast-check'

/** Any sequence of UTF-16 code units: also NUL, quotes, controls, lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.nat({ max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\0', '\ud800', '\udfff\ud800', '\u2028', '\\u0000', '$undefined', '"', '__proto__'),
  },
)

/** Keys that are markers, records or traps somewhere, and ordinary ones. */
export const anyKey: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'c',
      'id',
      'name',
      'content',
      'type',
      'value',
      '0',
      '1',
      '42',
      '4294967295',
      '-1',
      '',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'toJSON',
      'toString',
      'hasOwnProperty',
      'then',
      'valueOf',
      'lc',
      'lc_kwargs',
      'lc_serializable',
      'lc_namespace',
      'lg_name',
      '__lc_escaped__',
      '__overwrite__',
      'method',
      'args',
      'kwargs',
      '$',
      '$$',
      '$$$',
      '$undefined',
      '$number',
      '$date',
      '$map',
      '$message',
      '$lc',
      '$$undefined',
      '$bytes',
      '$ref',
      '$set',
      '$array',
    ),
  },
  { weight: 1, arbitrary: anyText },
)

export const anyPrimitive: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    1,
    -1,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    2 ** 53,
    0n,
    -1n,
  ),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
)

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as unknown as readonly (new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView)[]

/** Every class of binary data, also as a window into a larger buffer. */
export const anyBytes: fc.Arbitrary<ArrayBuffer | ArrayBufferView> = fc
  .tuple(fc.uint8Array({ maxLength: 24 }), fc.nat({ max: 24 }), fc.nat({ max: VIEWS.length + 1 }))
  .map(([bytes, start, kind]) => {
    const buffer = Uint8Array.from(bytes).buffer
    const View = VIEWS[kind]
    if (View === undefined) return kind === VIEWS.length ? buffer : Buffer.from(bytes)
    const size = 'BYTES_PER_ELEMENT' in View ? (View.BYTES_PER_ELEMENT as number) : 1
    const offset = Math.min(start - (start % size), buffer.byteLength - (buffer.byteLength % size))
    return new View(buffer, offset, Math.floor((buffer.byteLength - offset) / size))
  })

/** An object literal with these own entries; the later of two with one key wins. */
export function entriesOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  return object
}
