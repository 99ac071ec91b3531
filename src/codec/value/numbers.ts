/** Numbers that JSON has no form for. */

import type { Wire } from './markers.ts'

/** Time to read a bigint grows with the square of its digits: 20 million of them would take minutes. */
export const MAX_BIGINT_DIGITS = 100_000

/** At least one hexadecimal digit for 1.2 decimal ones. */
const MAX_BIGINT_BITS = Math.floor(MAX_BIGINT_DIGITS * 3.32)

export function numberToWire(value: number): Wire {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value
  return { $number: Object.is(value, -0) ? '-0' : String(value) }
}

/** Undefined where it has too many digits. */
export function bigIntToWire(value: bigint): Wire {
  return BigInt.asIntN(MAX_BIGINT_BITS, value) === value ? { $bigint: String(value) } : undefined
}
