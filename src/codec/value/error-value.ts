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
const HIDDEN = ['message', 'name', 'cause', 'errors'] as const

/** The built-in class of an error, or undefined for a subclass of it. */
export function errorClass(error: object): string | undefined {
  const prototype = Object.getPrototypeOf(error) as object
  const name = constructorName(prototype) ?? ''
  const Class = name === AGGREGATE ? AggregateError : CLASSES.get(name)
  return Class !== undefined && isBuiltinPrototype(prototype, Class.prototype) ? name : undefined
}

/**
 * An error's own fields: first those which are not enumerable, then the others. Further hidden ones are left out, as
 * the stack is: monitors leave their marks there.
 */
export function errorFields(error: object): [hidden: Record<string, unknown>, shown: Record<string, unknown>] {
  const hidden: Record<string, unknown> = {}
  const shown: Record<string, unknown> = {}
  for (const name of HIDDEN) {
    const property = Object.getOwnPropertyDescriptor(error, name)
    if (property !== undefined && !property.enumerable) hidden[name] = Reflect.get(error, name)
  }
  for (const name of Object.keys(error)) if (name !== 'stack') setOwn(shown, name, Reflect.get(error, name))
  return [hidden, shown]
}

/** The error that was stored. `revive` builds the fields' values. */
export function reviveError(argument: Wire, revive: (wire: Wire) => unknown): Error {
  const [name, hidden, shown] = Array.isArray(argument) ? (argument as unknown[]) : []
  if (typeof name !== 'string' || !isWireRecord(hidden) || !(shown === undefined || isWireRecord(shown))) {
    throw new UnreadableValueError('$error takes a class and its fields')
  }
  const message = typeof hidden['message'] === 'string' ? hidden['message'] : undefined
  const error = makeError(name, message)
  for (const key of Object.keys(hidden)) {
    if (!(HIDDEN as readonly string[]).includes(key))
      throw new UnreadableValueError('$error has a field that errors do not have')
    Object.defineProperty(error, key, {
      value: revive(hidden[key]),
      writable: true,
      enumerable: false,
      configurable: true,
    })
  }
  if (shown !== undefined) for (const key of Object.keys(shown)) setOwn(error, key, revive(shown[key]))
  return error
}

function makeError(name: string, message: string | undefined): Error {
  const Class = CLASSES.get(name)
  if (Class === undefined && name !== AGGREGATE)
    throw new UnreadableValueError('$error names a class that is not known')
  const error = Class === undefined ? new AggregateError([], message) : new Class(message)
  if (Class === undefined) Reflect.deleteProperty(error, 'errors')
  Object.defineProperty(error, 'stack', {
    value: message === undefined || message === '' ? name : `${name}: ${message}`,
    writable: true,
    enumerable: false,
    configurable: true,
  })
  return error
}
