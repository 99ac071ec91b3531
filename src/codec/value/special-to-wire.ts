/** Writing what is no plain data: built-in objects, and instances of classes. */

import { types } from 'node:util'
import { builtinToWire } from './builtin-to-wire.ts'
import type { ContainerWriter } from './container-writer.ts'
import { instanceToWire } from './instance-marker.ts'
import type { Wire } from './markers.ts'
import { isObjectPrototype } from './plain.ts'
import { recognise } from './recognise.ts'
import { unknownToWire } from './unknown-to-wire.ts'
import { userClassToWire } from './user-classes.ts'

/**
 * The first that applies: an object without a prototype, an instance of a known class, an object literal of another
 * realm, a built-in object, an instance of a registered class, an instance of any other class.
 */
export function specialToWire(writer: ContainerWriter, value: object, prototype: object | null): Wire {
  if (types.isProxy(value)) return unknownToWire(writer, value, prototype)
  if (prototype === null) {
    writer.checkKeys(value)
    return { $null: writer.entries({ ...value }) }
  }
  const known = recognise(value, prototype)
  if (known !== undefined) return instanceToWire(writer, value, known)
  // A class that hides behind `Object.prototype` has an internal slot.
  if (isObjectPrototype(prototype) && !hasSlots(value)) return writer.object(value)
  const builtin = builtinToWire(writer, value, prototype)
  if (builtin !== undefined) return builtin
  const { classes } = writer.rules
  const registered = classes === undefined ? undefined : userClassToWire(writer, value, classes)
  return registered ?? unknownToWire(writer, value, prototype)
}

function hasSlots(value: object): boolean {
  return types.isArgumentsObject(value) || types.isExternal(value) || types.isModuleNamespaceObject(value)
}
