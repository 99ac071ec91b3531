import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'

/** A name as SQL takes it, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * The schema's name, checked: lower case, as Postgres itself would write it, and short enough that Postgres does not
 * cut it, since two long names could then coincide. Not `public`, where other packages keep tables of the same names.
 */
export function requireSchemaName(name: unknown): string {
  if (typeof name !== 'string' || !/^[a-z_][a-z0-9_$]{0,62}$/.test(name)) {
    const got = typeof name === 'string' ? `a name of ${Buffer.byteLength(name)} bytes` : kindOf(name)
    throw new OptionsError(
      'schema',
      `must be 1 to 63 characters of a-z, 0-9, _ and $, not starting with a digit or $; got ${got}.`,
    )
  }
  if (name === 'public' || name.startsWith('pg_') || name === 'information_schema') {
    throw new OptionsError(
      'schema',
      `must not be "${name}", which is not ours alone. Leave it out for "langgraph", or name one that holds nothing else.`,
    )
  }
  return name
}
