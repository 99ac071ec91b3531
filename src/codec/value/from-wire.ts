/** Reading: from a wire tree to a fresh value. The tree stays as it is, and the value shares no object with it. */

import { UnreadableValueError } from '../../errors.ts'
import { decodeBytes } from './bytes.ts'
import { reviveError } from './error-value.ts'
import { reviveInstance } from './instance-marker.ts'
import { DEFAULT_VALUE_LIMITS, type ValueRules } from './limits.ts'
import {
  type Wire,
  type WireRecord,
  isEscapedKey,
  isMarkerKey,
  isOwn,
  isWireRecord,
  mapEntries,
  setOwn,
  unescapeKey,
} from './markers.ts'
import { MAX_BIGINT_DIGITS } from './numbers.ts'
import { reviveUserClass } from './user-classes.ts'

/** Names of parts, brackets and index parts come on top of what was counted when the value was put. */
const OVERHEAD = 1.25
/** A value of so many characters may have one item more: few items are of less than 1,024. */
const CHARS_PER_VISIT = 128

/** One value's reading: it builds no more than the limits allow, however little was stored. */
export class WireReader {
  readonly #rules: ValueRules
  /** What may still be built. Limits below the defaults hold for new values only, not for those stored before. */
  #itemsLeft: number
  #charsLeft: number
  #visitsLeft: number
  /** As a function, for those that build what a marker holds. */
  readonly #revive = (wire: Wire): unknown => this.read(wire)

  constructor(rules: ValueRules) {
    this.#rules = rules
    this.#itemsLeft = Math.max(rules.maxItems, DEFAULT_VALUE_LIMITS.maxItems) * OVERHEAD
    this.#charsLeft = Math.max(rules.maxChars, DEFAULT_VALUE_LIMITS.maxChars) * OVERHEAD
    this.#visitsLeft = this.#charsLeft / CHARS_PER_VISIT
  }

  read(wire: Wire): unknown {
    if (typeof wire !== 'object' || wire === null) return wire
    return Array.isArray(wire) ? this.#elements(wire) : this.#object(wire as WireRecord)
  }

  /** Counts elements and entries that are built. */
  spend(items: number): void {
    this.#itemsLeft -= items
    if (this.#itemsLeft < 0) throw unfolds('elements and entries', 'maxItems')
  }

  /** Counts an item that is looked at, and the characters of its part. */
  visit(chars: number): void {
    this.#charsLeft -= chars
    this.#visitsLeft -= 1
    if (this.#charsLeft < 0 || this.#visitsLeft < 0) throw unfolds('characters', 'maxChars')
  }

  #object(wire: WireRecord): unknown {
    const copy: Record<string, unknown> = {}
    let items = 3
    // Half the time of `Object.keys` and a loop over it. V8 drops the check for own keys where it always holds.
    for (const key in wire) {
      if (!isOwn.call(wire, key)) continue
      const value = wire[key]
      if (isMarkerKey(key) && Object.keys(wire).length === 1) {
        this.spend(4)
        return this.#marker(key, value)
      }
      const revived = typeof value === 'object' && value !== null ? this.read(value) : value
      if (key === '__proto__') setOwn(copy, key, revived)
      else copy[key] = revived
      items++
    }
    this.spend(items)
    return copy
  }

  #elements(wire: readonly Wire[]): unknown[] {
    this.spend(3 + wire.length)
    const copy = wire.slice()
    for (let index = 0; index < copy.length; index += 1) {
      const element = copy[index]
      if (typeof element === 'object' && element !== null) copy[index] = this.read(element)
    }
    return copy
  }

  /** The closed list of markers. Every argument's form is checked; none selects anything but an entry of a fixed list. */
  #marker(key: string, argument: Wire): unknown {
    if (isEscapedKey(key)) return { [unescapeKey(key)]: this.read(argument) }
    switch (key) {
      case '$undefined':
        return check(argument === true, key) && undefined
      case '$number':
        return reviveNumber(argument)
      case '$bigint':
        return reviveBigInt(argument)
      case '$date':
        return reviveDate(argument)
      case '$map':
        check(Array.isArray(argument) && argument.every((entry) => Array.isArray(entry) && entry.length === 2), key)
        this.spend((argument as Wire[]).length * 5)
        return new Map((argument as [Wire, Wire][]).map(([k, v]) => [this.read(k), this.read(v)]))
      case '$set':
        check(Array.isArray(argument), key)
        return new Set(this.#elements(argument as Wire[]))
      case '$array':
        return this.#unusualArray(argument)
      case '$null':
        check(isWireRecord(argument), key)
        return this.#withoutPrototype(argument as WireRecord)
      case '$regexp':
        return reviveRegExp(argument)
      case '$url':
        check(typeof argument === 'string' && URL.canParse(argument), key)
        return new URL(argument as string)
      case '$params':
        check(typeof argument === 'string', key)
        return new URLSearchParams(argument as string)
      case '$headers':
        return reviveHeaders(argument)
      case '$error':
        return reviveError(argument, this.#revive)
      case '$bytes':
        return decodeBytes(argument)
      case '$class':
        return reviveUserClass(argument, this.#rules.classes, this.#revive)
      case '$message':
      case '$lc':
      case '$generation':
      case '$document':
      case '$send':
      case '$overwrite':
      case '$delta':
      case '$command':
        return reviveInstance(key, argument, this.#revive)
      default:
        throw new UnreadableValueError('it holds a marker that this release does not know')
    }
  }

  #withoutPrototype(argument: WireRecord): object {
    const entries = mapEntries(argument, this.#revive)
    this.spend(Object.keys(entries).length)
    return Object.setPrototypeOf(entries, null) as object
  }

  #unusualArray(argument: Wire): unknown[] {
    const [length, entries] = Array.isArray(argument) ? (argument as unknown[]) : []
    check(
      Number.isInteger(length) && (length as number) >= 0 && (length as number) < 2 ** 32 && isWireRecord(entries),
      '$array',
    )
    this.spend((length as number) + Object.keys(entries as WireRecord).length)
    const array: unknown[] = []
    for (const key of Object.keys(entries as WireRecord)) {
      // Before it is set: an element far away makes an array that is long, too.
      check(key !== 'length' && !(Number(key) >= (length as number) && isIndex(key)), '$array')
      setOwn(array, key, this.read((entries as WireRecord)[key]))
    }
    array.length = length as number
    return array
  }
}

function isIndex(key: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1
}

function unfolds(what: string, option: string): UnreadableValueError {
  return new UnreadableValueError(`it unfolds to more ${what} than limits.${option} allows`, {
    remedy: `Raise limits.${option} if a value as large as that was stored; else restore it from a backup, or delete the checkpoint that holds it.`,
  })
}

function check(holds: boolean, key: string): true {
  if (!holds) throw new UnreadableValueError(`${key} has arguments of another form`)
  return true
}

function reviveNumber(argument: Wire): number {
  switch (argument) {
    case 'NaN':
      return Number.NaN
    case 'Infinity':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
      return Number.NEGATIVE_INFINITY
    case '-0':
      return -0
    default:
      throw new UnreadableValueError('$number has arguments of another form')
  }
}

function reviveBigInt(argument: Wire): bigint {
  check(
    typeof argument === 'string' && argument.length <= MAX_BIGINT_DIGITS + 1 && /^-?(?:0|[1-9][0-9]*)$/.test(argument),
    '$bigint',
  )
  return BigInt(argument as string)
}

function reviveDate(argument: Wire): Date {
  const date = new Date(typeof argument === 'string' ? argument : Number.NaN)
  check(argument === null || (!Number.isNaN(date.getTime()) && date.toISOString() === argument), '$date')
  return date
}

function reviveHeaders(argument: Wire): Headers {
  const isPair = (entry: Wire) =>
    Array.isArray(entry) && entry.length === 2 && entry.every((text) => typeof text === 'string')
  check(Array.isArray(argument) && argument.every(isPair), '$headers')
  try {
    return new Headers(argument as [string, string][])
  } catch {
    throw new UnreadableValueError('$headers holds names or values that headers can not have')
  }
}

function reviveRegExp(argument: Wire): RegExp {
  const [source, flags, lastIndex = 0] = Array.isArray(argument) ? (argument as unknown[]) : []
  check(typeof source === 'string' && typeof flags === 'string' && Number.isSafeInteger(lastIndex), '$regexp')
  try {
    const expression = new RegExp(source as string, flags as string)
    expression.lastIndex = lastIndex as number
    return expression
  } catch {
    throw new UnreadableValueError('$regexp holds no regular expression')
  }
}
