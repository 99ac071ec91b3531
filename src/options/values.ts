/** The values of options, checked. Messages tell what kind of value was given, and never the value: it may be a password. */
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'

/** Integers of JavaScript are exact up to here. */
const MAX_WHOLE = Number.MAX_SAFE_INTEGER

export function requireWhole(option: string, value: unknown, least: number, most: number = MAX_WHOLE): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  const bounds = most === MAX_WHOLE ? `of at least ${least}` : `from ${least} to ${most}`
  throw new OptionsError(option, `must be a whole number ${bounds}; got ${kindOfNumber(value)}.`)
}

/** Any number above 0, and infinity. */
export function requirePositive(option: string, value: unknown): number {
  if (typeof value === 'number' && value > 0) return value
  throw new OptionsError(option, `must be a number above 0; got ${kindOfNumber(value)}.`)
}

export function requireFunction<Fn extends (...parameters: never[]) => unknown>(option: string, value: Fn): Fn {
  if (typeof value === 'function') return value
  throw new OptionsError(option, `must be a function; got ${kindOf(value)}.`)
}

export function requireBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new OptionsError(option, `must be true or false; got ${kindOf(value)}.`)
}

export function requireOneOf<const Choice extends string>(
  option: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((each) => each === value)
  if (choice !== undefined) return choice
  const got = typeof value === 'string' && value !== '' ? 'another string' : kindOf(value)
  throw new OptionsError(option, `must be one of ${choices.map((each) => `"${each}"`).join(', ')}; got ${got}.`)
}

/** @param what an object with these methods is called */
export function requireMethods(option: string, value: unknown, methods: readonly string[], what: string): void {
  if (hasMethods(value, methods)) return
  throw new OptionsError(option, `must be ${what}, with the methods ${methods.join(' and ')}; got ${kindOf(value)}.`)
}

export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
}

/** An object that holds options, and no list. */
export function requireObject(option: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new OptionsError(option, `must be an object; got ${kindOf(value)}.`)
}

function kindOfNumber(value: unknown): string {
  if (typeof value !== 'number') return kindOf(value)
  if (Number.isNaN(value)) return 'NaN'
  if (value < 0) return 'a negative number'
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return 'Infinity'
  return Number.isInteger(value) ? 'a number outside this range' : 'a number with a fraction'
}
