/** How much one value may be. */
export interface ValueLimits {
  /** How many objects and arrays may stand inside one another; a Map, an error, a message and the like count for three. @default 1000 */
  readonly maxDepth: number
  /** The length of the value's JSON text, in characters (UTF-16 code units; for ASCII text that equals bytes). @default 134217728 */
  readonly maxChars: number
}

export const DEFAULT_VALUE_LIMITS: ValueLimits = Object.freeze({ maxDepth: 1000, maxChars: 128 * 1024 * 1024 })
