/** The one argument of a constructor: an object of options, whatever other savers take in its place. */
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'
import { hasMethods, requireObject } from './values.ts'

/** What LangGraph calls a `SerializerProtocol`. */
export const SERDE_METHODS: readonly string[] = ['dumpsTyped', 'loadsTyped']

/**
 * @param call how the constructor is called: `new InMemoryCheckpointer({ serde })`
 * @throws OptionsError where a serializer was passed as the first or the second argument, or something else than options
 */
export function requireArgument(given: ArrayLike<unknown>, call: string): void {
  const [first, second] = Array.from(given)
  if (hasMethods(first, SERDE_METHODS) || hasMethods(second, SERDE_METHODS)) {
    throw new OptionsError('serde', `must be among the options: ${call}.`)
  }
  if (first !== undefined) requireObject('options', first)
  if (second !== undefined) {
    throw new OptionsError('options', `must be the only argument, as in ${call}; the second one is ${kindOf(second)}.`)
  }
}
