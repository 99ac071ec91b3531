/**
 * Errors: `{"$error":["TypeError",{"message":"…","cause":…},{"code":"…"}]}`.
 *
 * The second element holds the own fields that are not enumerable (`message`, `name`, `cause`, `errors`), the third, if there is
 * one, those that are. The stack is not stored: it names files of one deployment. A revived error's stack is its first
 * line.
 */

import { UnreadableValueError } from '../../errors.ts'
import { type Wire, isWireRecord, setOwn } from './markers.ts'
import { constructorName, isBuiltinPrototype } from './plain.ts'

const CLASSES: ReadonlyMap<string, ErrorConstructor> = new Map([
  ['Error', Error],
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])

const AGGREGATE = 'AggregateError'
const DOM = 'DOMException'
const HIDDEN = ['message', 'name', 'cause', 'errors'] as const

/** The nearest built-in class of an error, and whether that is its very class; undefined for what is no error. */
export function errorClass(value: object, prototype: object): { name: string; isExact: boolean } | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const name = constructorName(at) ?? ''
    const Class = name === AGGREGATE ? AggregateError : name === DOM ? DOMException : CLASSES.get(name)
    if (Class !== undefined && isBuiltinPrototype(at, Class.prototype)) return { name, isExact: at === prototype }
  }
  return undefined
}

/**
 * An error's own fields: first those which are not enumerable, then the others. Further hidden ones are left out, as
 * the stack is: monitors leave their marks there. A name or message that a subclass gives all its instances counts as a field.
 *
 * @param name the built-in class
 */
export function errorFields(
  error: object,
  name: string,
): [hidden: Record<string, unknown>, shown: Record<string, unknown>] {
  const hidden: Record<string, unknown> = {}
  const shown: Record<string, unknown> = {}
  for (const field of HIDDEN) {
    const property = Object.getOwnPropertyDescriptor(error, field)
    if (property === undefined ? isInherited(error, field, name) : !property.enumerable)
      hidden[field] = Reflect.get(error, field)
  }
  for (const field of Object.keys(error)) if (field !== 'stack') setOwn(shown, field, Reflect.get(error, field))
  return [hidden, shown]
}

/** Whether a class that extends the built-in one gives its instances this field. */
function isInherited(error: object, field: string, name: string): boolean {
  if (field !== 'name' && field !== 'message') return false
  const value: unknown = Reflect.get(error, field)
  return typeof value === 'string' && value !== (field === 'name' && name !== DOM ? name : '')
}

/** The error that was stored. `revive` builds the fields' values. */
export function reviveError(argument: Wire, revive: (wire: Wire) => unknown): Error {
  const [name, hidden, shown] = Array.isArray(argument) ? (argument as unknown[]) : []
  if (typeof name !== 'string' || !isWireRecord(hidden) || !(shown === undefined || isWireRecord(shown))) {
    throw new UnreadableValueError('$error takes a class and its fields')
  }
  const message = typeof hidden['message'] === 'string' ? hidden['message'] : undefined
  const error = makeError(name, message, hidden['name'])
  for (const key of Object.keys(hidden)) {
    if (!(HIDDEN as readonly string[]).includes(key))
      throw new UnreadableValueError('$error has a field that errors do not have')
    if (name === DOM && (key === 'message' || key === 'name')) continue
    Object.defineProperty(error, key, {
      value: revive(hidden[key]),
      writable: true,
      enumerable: false,
      configurable: true,
    })
  }
  for (const key of Object.keys(shown ?? {})) {
    if (key === 'stack') throw new UnreadableValueError('$error has a field that errors do not have')
    setOwn(error, key, revive(shown?.[key]))
  }
  return error
}

function makeError(name: string, message: string | undefined, ownName: Wire): Error {
  if (name === DOM) {
    const error = new DOMException(message, typeof ownName === 'string' ? ownName : undefined)
    return withStack(error, `${error.name}: ${error.message}`)
  }
  const Class = CLASSES.get(name)
  if (Class === undefined && name !== AGGREGATE)
    throw new UnreadableValueError('$error names a class that is not known')
  const error = Class === undefined ? new AggregateError([], message) : new Class(message)
  if (Class === undefined) Reflect.deleteProperty(error, 'errors')
  return withStack(error, message === undefined || message === '' ? name : `${name}: ${message}`)
}

function withStack<Kind extends Error>(error: Kind, stack: string): Kind {
  return Object.defineProperty(error, 'stack', { value: stack, writable: true, enumerable: false, configurable: true })
}
