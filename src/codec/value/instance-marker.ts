/**
 * The arguments of the markers for instances.
 *
 * `{"$message":["AIMessage",base,own?,"spread"?]}`, `$lc` alike; `{"$command":[base,own?]}`;
 * `{"$generation":["GenerationChunk",own]}`; `{"$document":own}`, and `$send`, `$overwrite`, `$delta` alike.
 */

import { UnreadableValueError } from '../../errors.ts'
import { putTogether, takeApart } from './instance.ts'
import type { InstanceTag, KnownClass } from './known-class.ts'
import {
  COMMAND,
  DELTA_SNAPSHOT,
  DOCUMENT,
  GENERATION_CLASSES,
  MESSAGE_CLASSES,
  OVERWRITE,
  SEND,
  SERIALIZABLE_CLASSES,
} from './known-classes.ts'
import { type Wire, type WireRecord, isWireRecord, mapEntries } from './markers.ts'
import type { ContainerWriter } from './container-writer.ts'

export function instanceToWire(writer: ContainerWriter, instance: object, known: KnownClass): Wire {
  const parts = takeApart(instance, known)
  if (typeof parts === 'string') return writer.refuse(parts)
  const own = parts.own && writer.entries(parts.own)
  if (known.base === undefined)
    return { [known.tag]: known.tag === '$generation' ? [known.name, own ?? {}] : (own ?? {}) }
  const base = parts.base as object
  const form: Wire[] = known.tag === '$command' ? [] : [known.name]
  // A literal is part of its instance, not a container of its own.
  form.push(Object.getPrototypeOf(base) === Object.prototype ? writer.object(base) : writer.inner(base))
  if (own !== undefined || parts.spread) form.push(own ?? {})
  if (parts.spread) form.push('spread')
  return { [known.tag]: form }
}

/** The instance that a marker describes. `revive` builds what it holds. */
export function reviveInstance(tag: InstanceTag, argument: Wire, revive: (wire: Wire) => unknown): object {
  const [known, base, own, spread] = readArgument(tag, argument)
  const revivedBase = known.base === undefined ? undefined : revive(base)
  if (known.base !== undefined && (typeof revivedBase !== 'object' || revivedBase === null)) throw malformed(tag)
  return putTogether(known, { base: revivedBase as object | undefined, own: own && mapEntries(own, revive), spread })
}

type Argument = readonly [known: KnownClass, base: Wire, own: WireRecord | undefined, spread: boolean]

function readArgument(tag: InstanceTag, argument: Wire): Argument {
  switch (tag) {
    case '$message':
      return withBase(tag, MESSAGE_CLASSES, argument)
    case '$lc':
      return withBase(tag, SERIALIZABLE_CLASSES, argument)
    case '$command':
      if (!Array.isArray(argument) || argument.length < 1 || argument.length > 2) throw malformed(tag)
      return [COMMAND, argument[0], record(tag, argument[1]), false]
    case '$generation':
      if (!Array.isArray(argument) || argument.length !== 2) throw malformed(tag)
      return [named(tag, GENERATION_CLASSES, argument[0]), undefined, record(tag, argument[1]), false]
    case '$document':
      return [DOCUMENT, undefined, record(tag, argument), false]
    case '$send':
      return [SEND, undefined, record(tag, argument), false]
    case '$overwrite':
      return [OVERWRITE, undefined, record(tag, argument), false]
    case '$delta':
      return [DELTA_SNAPSHOT, undefined, record(tag, argument), false]
    default:
      throw malformed(tag)
  }
}

function withBase(tag: InstanceTag, classes: ReadonlyMap<string, KnownClass>, argument: Wire): Argument {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 4) throw malformed(tag)
  const [name, base, own, spread] = argument as readonly Wire[]
  if (argument.length === 4 && spread !== 'spread') throw malformed(tag)
  return [named(tag, classes, name), base, record(tag, own), argument.length === 4]
}

function named(tag: InstanceTag, classes: ReadonlyMap<string, KnownClass>, name: Wire): KnownClass {
  const known = typeof name === 'string' ? classes.get(name) : undefined
  if (known === undefined) throw new UnreadableValueError(`${tag} names a class that is not known`)
  return known
}

function record(tag: InstanceTag, wire: Wire): WireRecord | undefined {
  if (wire !== undefined && !isWireRecord(wire)) throw malformed(tag)
  return wire
}

function malformed(tag: InstanceTag): UnreadableValueError {
  return new UnreadableValueError(`${tag} has arguments of another form`)
}
