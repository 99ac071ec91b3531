import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'

/** A name as SQL takes it, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A name as people write it: quoted only where SQL would read it in another way. */
export function asWritten(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name)
}

/** A text as SQL takes it, whatever is in it and however standard_conforming_strings is set. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

/** The longest name, in bytes. Postgres cuts longer ones, and two of them could then become the same. */
const MAX_NAME_BYTES = 63

/**
 * The schema's name, checked. It is quoted wherever it stands in SQL, so it may have capitals, dashes and spaces, and is
 * used exactly as given. Not `public`, where other packages keep tables of the same names.
 */
export function requireSchemaName(name: unknown): string {
  const problem = problemOfName(name)
  if (typeof name !== 'string' || problem !== undefined) {
    throw new OptionsError(
      'schema',
      `must be a name of 1 to ${MAX_NAME_BYTES} bytes without double quotes and control characters; got ${problem}.`,
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

/** Control characters also because the SQL has the name in comments, which a line break would end. */
function problemOfName(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return kindOf(name)
  const bytes = Buffer.byteLength(name)
  if (bytes > MAX_NAME_BYTES) return `a name of ${bytes} bytes`
  if (name.includes('"')) return 'one with a double quote'
  if (/\p{Cc}/u.test(name)) return 'one with a control character'
  return name.isWellFormed() ? undefined : 'one with a lone surrogate'
}
