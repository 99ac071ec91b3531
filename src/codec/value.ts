/**
 * The value codec: any state value as JSON text, without loss or not at all.
 *
 * value ─ `stringifyValue` ─▶ text ─ `parseWire` ─▶ wire tree ─ `reviveWire` ─▶ value
 *
 * `matchesWire` compares a value with a wire tree. `value/markers.ts` says how the tree differs from plain JSON, and
 * `value/from-wire.ts` lists every marker.
 */

export { containedForms } from './value/contained-forms.ts'
export { matchesWire, parseWire, reviveWire, stringifyValue, ValueReader } from './value/codec.ts'
export {
  DEFAULT_VALUE_LIMITS,
  requireLimits,
  type LostClass,
  type ValueLimits,
  type ValueRules,
} from './value/limits.ts'
export { LosslessSerializer, type LosslessSerializerOptions } from './value/lossless-serializer.ts'
export { isPlainArray, isPlainObject } from './value/plain.ts'
export type { ClassCodec } from './value/class-codec.ts'
export { classesByName } from './value/user-classes.ts'
