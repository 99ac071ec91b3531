/** Classes of the user's own, which come back as themselves: `{"$class":["Money",data]}`. */

import { kindOf } from '../../address.ts'
import { CheckpointerError, OptionsError, UnreadableValueError } from '../../errors.ts'
import type { ClassCodec } from './class-codec.ts'
import type { ContainerWriter } from './container-writer.ts'
import type { Wire } from './markers.ts'

const NAME = /^[\w.:/@-]{1,100}$/

/** The classes by name. @throws OptionsError for one that can't be used */
export function classesByName(classes: readonly ClassCodec[] = []): ReadonlyMap<string, ClassCodec> {
  if (!Array.isArray(classes)) throw new OptionsError('classes', `must be an array; got ${kindOf(classes)}.`)
  const byName = new Map<string, ClassCodec>()
  for (const codec of classes) {
    const isWhole =
      typeof codec?.matches === 'function' &&
      typeof codec.toData === 'function' &&
      typeof codec.fromData === 'function' &&
      typeof codec.name === 'string'
    if (!isWhole) throw new OptionsError('classes', 'takes objects of { name, matches, toData, fromData }.')
    if (!NAME.test(codec.name))
      throw new OptionsError('classes', 'has a name other than 1 to 100 letters, digits or _ . : / @ -.')
    if (byName.has(codec.name)) throw new OptionsError('classes', `has "${codec.name}" twice. Names must differ.`)
    byName.set(codec.name, codec)
  }
  return byName
}

/** Writes an instance of a registered class; undefined if it is none. */
export function userClassToWire(
  writer: ContainerWriter,
  value: object,
  classes: ReadonlyMap<string, ClassCodec>,
): Wire {
  for (const codec of classes.values())
    if (codec.matches(value)) return { $class: [codec.name, writer.inner(codec.toData(value))] }
  return undefined
}

/** The instance that a marker describes. Its name selects an entry of `classes` and nothing else. */
export function reviveUserClass(
  argument: Wire,
  classes: ReadonlyMap<string, ClassCodec> | undefined,
  revive: (wire: Wire) => unknown,
): unknown {
  const [name, data] = Array.isArray(argument) && argument.length === 2 ? (argument as Wire[]) : []
  if (typeof name !== 'string' || !NAME.test(name))
    throw new UnreadableValueError('$class takes the name of a class and its data')
  const codec = classes?.get(name)
  if (codec === undefined) {
    throw new UnreadableValueError(`it is an instance of the class "${name}", which is not registered`, {
      remedy: `Pass "${name}" in the option classes, as where it was stored.`,
    })
  }
  const revived = revive(data)
  try {
    return codec.fromData(revived)
  } catch (error) {
    if (CheckpointerError.is(error)) throw error
    throw new UnreadableValueError(`fromData of the class "${name}" threw`, {
      cause: error,
      remedy: 'See the cause; a release of your program that stored it may have given it another form.',
    })
  }
}
