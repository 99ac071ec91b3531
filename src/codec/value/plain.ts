/** What plain JSON data is: the values that need no marker of their own. */

import { types } from 'node:util'
import { isMarkerKey } from './markers.ts'

/**
 * Whether the array is dense and has nothing but its elements, so that its text is `[`, the elements' texts joined by
 * `,`, and `]`.
 */
export function isPlainArray(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) &&
    isArrayPrototype(Object.getPrototypeOf(value)) &&
    isDense(value) &&
    faultOfKeys(value) === undefined &&
    !types.isProxy(value)
  )
}

/** Why the keys of an object can't be stored, if they can't. */
export function faultOfKeys(value: object): 'symbol-keyed property' | 'arguments object' | undefined {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) return 'symbol-keyed property'
    // It looks like an object literal but for this hidden symbol.
    if (symbol === Symbol.iterator && types.isArgumentsObject(value)) return 'arguments object'
  }
  return undefined
}

/** Whether an array has no holes and no enumerable keys but its elements'. */
export function isDense(value: readonly unknown[]): boolean {
  const keys = Object.keys(value)
  const { length } = value
  // Indices come first in order, so the last key tells whether a hole hides behind a key that is no index.
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1))
}

/** Whether the object's text is `{`, its entries as `"key":text` joined by `,`, and `}`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false
  const keys = Object.keys(value)
  return !(keys.length === 1 && isMarkerKey(keys[0] as string)) && typeof value['toJSON'] !== 'function'
}

/** Whether it is an object literal (or the like) whose enumerable keys are all strings. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    isObjectPrototype(Object.getPrototypeOf(value)) &&
    faultOfKeys(value) === undefined &&
    !types.isProxy(value)
  )
}

/** Whether a value is exactly this JSON data (or undefined), key order included. */
export function equalsData(value: unknown, data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return Object.is(value, data)
  if (Array.isArray(data)) {
    return (
      isPlainArray(value) &&
      value.length === data.length &&
      value.every((element, index) => equalsData(element, data[index]))
    )
  }
  if (!isRecord(value)) return false
  const keys = Object.keys(data)
  const own = Object.keys(value)
  return (
    own.length === keys.length &&
    keys.every((key, index) => own[index] === key && equalsData(value[key], Reflect.get(data, key)))
  )
}

/** Whether it is `Object.prototype`, this realm's or another's (test runners load code into realms of their own). */
export function isObjectPrototype(prototype: unknown): boolean {
  return prototype === Object.prototype || isRoot(prototype)
}

/** Whether it is `Array.prototype`, this realm's or another's. */
export function isArrayPrototype(prototype: unknown): boolean {
  return prototype === Array.prototype || (Array.isArray(prototype) && isRoot(Object.getPrototypeOf(prototype)))
}

/** Whether `prototype` is that of the built-in class `own` belongs to, itself and not a subclass, in whatever realm. */
export function isBuiltinPrototype(prototype: object | null, own: object): boolean {
  if (prototype === own) return true
  if (prototype === null || constructorName(prototype) !== constructorName(own)) return false
  const root = rootOf(prototype)
  return root !== Object.prototype && isRoot(root) && isNative(prototype.constructor)
}

/** The name of the class a prototype belongs to. */
export function constructorName(prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof constructor === 'function' ? constructor.name : undefined
}

/** How many prototypes a value has above it: a subclass has one more than its class, in every copy of a package. */
export function prototypeDepth(value: object): number {
  let depth = 0
  for (
    let at: object | null = Object.getPrototypeOf(value) as object | null;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  )
    depth += 1
  return depth
}

/** Tells a built-in class from a program's class of the same name. */
function isNative(constructor: unknown): boolean {
  return (
    typeof constructor === 'function' && Function.prototype.toString.call(constructor).endsWith('{ [native code] }')
  )
}

function rootOf(prototype: object): object {
  const next = Object.getPrototypeOf(prototype) as object | null
  return next === null ? prototype : rootOf(next)
}

function isRoot(prototype: unknown): boolean {
  if (typeof prototype !== 'object' || prototype === null || Object.getPrototypeOf(prototype) !== null) return false
  return Object.hasOwn(prototype, 'isPrototypeOf') && constructorName(prototype) === 'Object'
}
