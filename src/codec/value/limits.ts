import { requireKnownNames, type OptionNames } from '../../options/names.ts'
import { requireObject, requireWhole } from '../../options/values.ts'
import type { ClassCodec } from './class-codec.ts'

/** How much one value may be, and a checkpoint's metadata and pending writes. */
export interface ValueLimits {
  /** How many objects and arrays may stand inside one another; a Map, an error, a message and the like count for three. @default 1000 */
  readonly maxDepth: number
  /** The length of the value's JSON text, in characters (UTF-16 code units; for ASCII text that equals bytes). @default 134217728 */
  readonly maxChars: number
  /**
   * How many elements and entries the value may have, at all depths together. One that is an object or an array counts for
   * five, as it takes more memory than its text suggests. @default 16777216
   */
  readonly maxItems: number
  /** The length of a checkpoint's metadata as JSON text, in characters. @default 1048576 */
  readonly maxMetadataChars: number
  /** How many pending writes a task may make at once. @default 50000 */
  readonly maxWrites: number
}

export const DEFAULT_VALUE_LIMITS: ValueLimits = Object.freeze({
  maxDepth: 1000,
  maxChars: 128 * 1024 * 1024,
  maxItems: 16 * 1024 * 1024,
  maxMetadataChars: 1024 * 1024,
  maxWrites: 50_000,
})

export const LIMIT_NAMES: OptionNames<ValueLimits> = {
  maxDepth: true,
  maxChars: true,
  maxItems: true,
  maxMetadataChars: true,
  maxWrites: true,
}

/**
 * The limits that were given, without those that are undefined.
 * @param within the option that holds them, if one does
 * @throws OptionsError
 */
export function requireLimits(given: Partial<ValueLimits> = {}, within?: string): Partial<ValueLimits> {
  requireKnownNames(requireObject(within ?? 'options', given), LIMIT_NAMES, within)
  const limits = Object.entries(given).filter(([, limit]) => limit !== undefined)
  for (const [name, limit] of limits) requireWhole(within === undefined ? name : `${within}.${name}`, limit, 1)
  return Object.fromEntries(limits)
}

/** A class whose instances don't come back as themselves, and where one of them was. */
export interface LostClass {
  readonly className: string
  /** What it is stored as, and comes back as: `plain data`, `TypeError`, `Map`, … */
  readonly keptAs: string
  /** A JSON path: `channel_values.messages[3].user`. */
  readonly path: string
}

/** What writing and reading a value go by. */
export interface ValueRules extends ValueLimits {
  /** The user's own classes, by name. */
  readonly classes?: ReadonlyMap<string, ClassCodec> | undefined
  /** What to do with an instance of any other class: keep its data, or refuse it. @default "data" */
  readonly unknownClasses?: 'data' | 'reject' | undefined
  /** Is told of each instance of a class that does not come back as itself. */
  readonly onLostClass?: ((lost: LostClass) => void) | undefined
}
