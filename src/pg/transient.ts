/** Which failures pass by themselves, and in what state they leave the connection and the data. */

/** Besides all of class 08 (connection exceptions; PgBouncer uses 08P01 for any failure of its servers). */
const TRANSIENT_STATES = new Set([
  '25006', // read-only: the server was demoted to a standby, or is one not yet promoted
  '40001', // serialization failure
  '40003', // statement completion unknown
  '40P01', // deadlock
  '53300', // too many connections
  '55P03', // lock not available
  '57P01', // terminated by an administrator, or a fast shutdown
  '57P02', // another backend crashed
  '57P03', // starting up, shutting down
  '57P05', // idle for too long
])

/** Of the operating system. ENOTFOUND and EAI_AGAIN: a failover that moves a name leaves a moment without it. */
const TRANSIENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** What node-postgres says without a code. */
const TRANSIENT_MESSAGES = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Query read timeout',
  'There was an error establishing an SSL connection',
])

/** A failure after which the same may well succeed, in a moment and on another connection. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) {
    return TRANSIENT_STATES.has(code) || TRANSIENT_CODES.has(code) || (isSqlState(code) && code.startsWith('08'))
  }
  return error instanceof Error && TRANSIENT_MESSAGES.has(error.message)
}

/** Undefined where the failure is not an answer of the server. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error)
  return code !== undefined && isSqlState(code) ? code : undefined
}

/**
 * The server refused the statement and rolled it back, and the connection goes on. Anything else (FATAL, PANIC, a
 * severity in another language, no answer) leaves both in doubt. 40003 says so itself.
 */
export function isPlainRefusal(error: unknown): boolean {
  return (
    sqlStateOf(error) !== undefined &&
    (error as { severity?: unknown }).severity === 'ERROR' &&
    codeOf(error) !== '40003'
  )
}

/** A connection to a server that is a standby now; a new one may find the primary. */
export function isOnStandby(error: unknown): boolean {
  return codeOf(error) === '25006'
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** No class of SQLSTATEs begins with E, but EPIPE and others of the operating system's have five letters, too. */
function isSqlState(code: string): boolean {
  return /^(?!E)[0-9A-Z]{5}$/.test(code)
}
