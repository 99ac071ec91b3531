/** A connection string, checked before node-postgres reads it: it takes nearly any text, and looks for a server elsewhere. */
import pg from 'pg'
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'

/** libpq takes `postgres://user:password@one:5432,two:5432/database`. A comma in a password stands before the last @. */
const SEVERAL_HOSTS = /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?[^@/?#]*,/
/** A URL, or the directory of a Unix socket. Of any other text node-postgres makes the name of a database on the host `base`. */
const READABLE = /^(?:[a-z][a-z0-9+.-]*:\/\/|socket:|\/)/i

/**
 * @param option `connection` or `connection.connectionString`
 * @throws OptionsError, which holds nothing of the text, as that may hold a password
 */
export function requireConnectionString(option: string, text: unknown): void {
  if (typeof text !== 'string' || text === '') {
    throw new OptionsError(option, `must be a URL; got ${kindOf(text)}. Is the environment variable set?`)
  }
  if (SEVERAL_HOSTS.test(text)) {
    throw new OptionsError(
      option,
      'names several hosts, which node-postgres does not support. Name one that always leads to the primary: a virtual address, a DNS name, PgBouncer or HAProxy.',
    )
  }
  if (!READABLE.test(text) || !isUnderstood(text)) {
    throw new OptionsError(
      option,
      'is not a valid URL, such as postgres://user:password@host:5432/database. It is not repeated here, as it may hold a password. Percent-encode the characters : / ? # @ % in user name and password; files that it names must exist.',
    )
  }
}

function isUnderstood(connectionString: string): boolean {
  try {
    return new pg.Client({ connectionString }) instanceof pg.Client
  } catch {
    return false // its errors hold the text
  }
}
