/** Tells which known class a value is an instance of, also when it comes from another installed copy of the package. */

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
import type { KnownClass } from './known-class.ts'
import { constructorName, prototypeDepth } from './plain.ts'

/** By prototype: the known classes themselves, then whatever was once recognised (null: not one of them). */
const recognised = new WeakMap<object, KnownClass | null>()

for (const known of [
  ...MESSAGE_CLASSES.values(),
  ...SERIALIZABLE_CLASSES.values(),
  ...GENERATION_CLASSES.values(),
  DOCUMENT,
  SEND,
  OVERWRITE,
  DELTA_SNAPSHOT,
  COMMAND,
]) {
  recognised.set(known.prototype, known)
}

/** The known class that `value` is an instance of: of this very class, not of a subclass, in any copy of its package. */
export function recognise(value: object, prototype: object): KnownClass | undefined {
  let known = recognised.get(prototype)
  if (known === undefined) {
    known = recogniseByShape(value, prototype) ?? null
    recognised.set(prototype, known)
  }
  return known ?? undefined
}

/** The nearest known class that the class of `value` extends. */
export function recogniseAncestor(value: object, prototype: object): KnownClass | undefined {
  let depth = prototypeDepth(value)
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const known = recognised.get(at) ?? recogniseByShape(value, at, depth)
    if (known !== undefined) return known
    depth -= 1
  }
  return undefined
}

function recogniseByShape(
  value: object,
  prototype: object,
  depth: number = prototypeDepth(value),
): KnownClass | undefined {
  const candidate = candidateFor(value as Record<string, unknown>, prototype)
  // A subclass has one prototype more. It may have fields and behaviour of its own, so it is not taken for its parent.
  return candidate !== undefined && depth === candidate.depth ? candidate : undefined
}

function candidateFor(value: Record<string, unknown>, prototype: object): KnownClass | undefined {
  if (Object.hasOwn(value, 'lc_serializable')) {
    const id = lcId(value, prototype)
    return id === undefined ? undefined : (SERIALIZABLE_CLASSES.get(id) ?? messageClass(id))
  }
  if (Object.hasOwn(value, 'lg_name')) {
    switch (value['lg_name']) {
      case 'Send':
        return SEND
      case 'Overwrite':
        return OVERWRITE
      case 'DeltaSnapshot':
        return DELTA_SNAPSHOT
      case 'Command':
        return COMMAND
      default:
        return undefined
    }
  }
  const name = constructorName(prototype)
  const candidate = name === 'Document' ? DOCUMENT : GENERATION_CLASSES.get(name ?? '')
  return candidate?.keys.every((key) => Object.hasOwn(value, key)) ? candidate : undefined
}

const MESSAGE_ID = 'langchain_core/messages/'

function messageClass(id: string): KnownClass | undefined {
  return id.startsWith(MESSAGE_ID) ? MESSAGE_CLASSES.get(id.slice(MESSAGE_ID.length)) : undefined
}

/** What LangChain calls a class, derived as LangChain does it: not from `constructor.name` where it says its name itself. */
function lcId(value: Record<string, unknown>, prototype: object): string | undefined {
  const namespace = value['lc_namespace']
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (value['lc_serializable'] !== true || !Array.isArray(namespace) || typeof constructor !== 'function')
    return undefined
  const ownName: unknown = Object.getOwnPropertyDescriptor(constructor, 'lc_name')?.value
  const name: unknown = typeof ownName === 'function' ? ownName.call(constructor) : constructor.name
  return [...(namespace as unknown[]), name].join('/')
}
