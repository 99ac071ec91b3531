/**
 * Everything this package throws on purpose.
 *
 * Each error has a stable `code`, its facts as readonly fields, and a message that ends with the remedy.
 * No message holds state content: an identifier or a value is named by its kind, never echoed.
 */

/** Shared by every installed copy of this package, so that `CheckpointerError.is` works over duplicate installs. */
const marker = Symbol.for('langgraph-pg-checkpointer.error')

/** The stable codes; new ones may be added, none is ever renamed. */
export type CheckpointerErrorCode =
  | 'INVALID_INPUT'
  | 'INVALID_OPTIONS'
  | 'UNSERIALIZABLE_VALUE'
  | 'TOO_LARGE'
  | 'UNREADABLE_VALUE'
  | 'PART_MISSING'
  | 'PART_CORRUPT'
  | 'ROW_CORRUPT'
  | 'UNREADABLE_CHECKPOINTS'
  | 'SCHEMA_OUTDATED'
  | 'SCHEMA_TOO_NEW'
  | 'SERVER_UNSUITABLE'
  | 'UNAVAILABLE'
  | 'ENDED'

/** The base of all errors of this package. Driver errors (they carry a SQLSTATE) pass through untouched. */
export class CheckpointerError extends Error {
  // A literal, as minifiers rename classes.
  override readonly name: string = 'CheckpointerError'
  readonly code: CheckpointerErrorCode

  constructor(code: CheckpointerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    Object.defineProperty(this, marker, { value: true })
  }

  /** Whether `error` comes from this package, whichever installed copy of it threw. */
  static is(error: unknown): error is CheckpointerError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

/** A `configurable` field, a filter or another argument that can't be used: which one, what it was, what to pass instead. */
export class InvalidInputError extends CheckpointerError {
  override readonly name: string = 'InvalidInputError'
  /** The argument's name as the caller knows it, for example `configurable.thread_id`. */
  readonly field: string

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super('INVALID_INPUT', `${field} ${problem}`, options)
    this.field = field
  }
}

/** An option of a constructor that can't be used, or contradicts another. */
export class OptionsError extends CheckpointerError {
  override readonly name: string = 'OptionsError'
  readonly option: string

  constructor(option: string, problem: string, options?: ErrorOptions) {
    super('INVALID_OPTIONS', `Option ${option} ${problem}`, options)
    this.option = option
  }
}

/** A value that can't be stored without loss. Nothing was written. */
export class UnserializableValueError extends CheckpointerError {
  override readonly name: string = 'UnserializableValueError'
  /** Where the value is, as a JSON path from the value given: `$.messages[3].metadata`. */
  readonly path: string
  /** What it is: `function`, `symbol`, `cycle`, `class Foo`, … */
  readonly kind: string

  constructor(path: string, kind: string, remedy: string, options?: ErrorOptions) {
    super('UNSERIALIZABLE_VALUE', `${path} is a ${kind}, which can't be stored without loss. ${remedy}`, options)
    this.path = path
    this.kind = kind
  }
}

/** A value beyond a limit. Nothing was written. */
export class TooLargeError extends CheckpointerError {
  override readonly name: string = 'TooLargeError'
  readonly path: string
  /** The limit's unit is in the option's name. */
  readonly limit: number
  readonly option: string

  constructor(path: string, what: string, option: string, limit: number) {
    super(
      'TOO_LARGE',
      `${path} ${what}; the limit is ${limit} (option ${option}). Store it elsewhere and keep a reference in the state, or raise the limit.`,
    )
    this.path = path
    this.option = option
    this.limit = limit
  }
}

/** Stored bytes that are not what this package (or the official savers) write. */
export class UnreadableValueError extends CheckpointerError {
  override readonly name: string = 'UnreadableValueError'
  /**
   * Where it stands in the checkpoint: `channel_values.messages`, `pending_writes[2].messages`, `checkpoint`, `metadata`.
   * Undefined for a value by itself.
   */
  readonly path: string | undefined
  readonly #problem: string
  readonly #options: ErrorOptions & { readonly remedy?: string }

  /** @param options.remedy a sentence that says what to do */
  constructor(problem: string, options: ErrorOptions & { readonly path?: string; readonly remedy?: string } = {}) {
    const { path, remedy = 'Restore it from a backup, or delete the checkpoint that holds it.', ...rest } = options
    const what = path === undefined ? 'A stored value' : `The stored value of ${path}`
    super('UNREADABLE_VALUE', `${what} can't be read: ${problem}. ${remedy}`, rest)
    this.path = path
    this.#problem = problem
    this.#options = options
  }

  /** The same error for a value that stands at `path`. */
  at(path: string): UnreadableValueError {
    return this.path === undefined ? new UnreadableValueError(this.#problem, { ...this.#options, path }) : this
  }
}

/** A part that a checkpoint names is nowhere to be found. */
export class PartMissingError extends CheckpointerError {
  override readonly name: string = 'PartMissingError'
  /** The part's name. */
  readonly part: string

  constructor(part: string) {
    super(
      'PART_MISSING',
      `Part ${part} is named by a checkpoint but not stored. Rows of "parts" were removed by hand, or the database was restored in part: restore it whole.`,
    )
    this.part = part
  }
}

/** A part whose content is not what its name says. */
export class PartCorruptError extends CheckpointerError {
  override readonly name: string = 'PartCorruptError'
  readonly part: string
  /** Who gave it. */
  readonly tier: string

  constructor(part: string, tier: string) {
    super(
      'PART_CORRUPT',
      `Part ${part} from ${tier} does not have the content that its name was made of. Check the disk and the memory of that server, then restore the part from a backup.`,
    )
    this.part = part
    this.tier = tier
  }
}

/** A row of `checkpoints` or `writes` that is not what was stored: its digest is another. */
export class RowCorruptError extends CheckpointerError {
  override readonly name: string = 'RowCorruptError'
  readonly table: 'checkpoints' | 'writes'
  /** The checkpoint that the row is or belongs to. */
  readonly address: OperationAddress

  constructor(table: 'checkpoints' | 'writes', { threadId, ns, checkpointId }: OperationAddress) {
    super(
      'ROW_CORRUPT',
      `A row of "${table}" does not have the content that was stored. Check the disk and the memory of the server, then restore the thread from a backup, or delete the checkpoint.`,
    )
    this.table = table
    this.address = { threadId, ns, checkpointId }
  }
}

/** Some of the checkpoints that `list` found can't be read. Thrown at its end, when it has given all the others. */
export class UnreadableCheckpointsError extends CheckpointerError {
  override readonly name: string = 'UnreadableCheckpointsError'
  /** Which, and why; at most 100. */
  readonly failures: readonly { readonly address: OperationAddress; readonly error: unknown }[]

  constructor(failures: UnreadableCheckpointsError['failures']) {
    super(
      'UNREADABLE_CHECKPOINTS',
      `${failures.length} of the checkpoints listed can't be read; all others were given. "failures" says which and why.`,
      { cause: failures[0]?.error },
    )
    this.failures = failures
  }
}

/** The database has no tables of this package yet, or older ones, and they may not be created or changed. */
export class SchemaOutdatedError extends CheckpointerError {
  override readonly name: string = 'SchemaOutdatedError'
  readonly schema: string
  /** 0: none at all. */
  readonly found: number
  readonly needed: number

  constructor(schema: string, found: number, needed: number, problem: string = '', options?: ErrorOptions) {
    super(
      'SCHEMA_OUTDATED',
      `Schema "${schema}" is at version ${found}, this release needs ${needed}.${problem} Call setup() as a role that may create tables, or run the SQL that migrationSql() prints.`,
      options,
    )
    this.schema = schema
    this.found = found
    this.needed = needed
  }
}

/** The database was migrated by a newer release, in a way that this one can't work with. */
export class SchemaTooNewError extends CheckpointerError {
  override readonly name: string = 'SchemaTooNewError'
  readonly schema: string
  readonly found: number
  readonly needed: number

  constructor(schema: string, found: number, needed: number) {
    super(
      'SCHEMA_TOO_NEW',
      `Schema "${schema}" is at version ${found}, newer than this release knows (${needed}). Upgrade langgraph-pg-checkpointer in this process.`,
    )
    this.schema = schema
    this.found = found
    this.needed = needed
  }
}

/** Where an operation was at work, as far as it was asked for one place. */
export interface OperationAddress {
  readonly threadId?: string | undefined
  readonly ns?: string | undefined
  readonly checkpointId?: string | undefined
}

/** The database could not be reached, or did not answer, for as long as the options allow. */
export class UnavailableError extends CheckpointerError {
  override readonly name: string = 'UnavailableError'
  /** `not_applied`: nothing of it is stored. `unknown`: the connection broke when it may have been stored already. */
  readonly outcome: 'unknown' | 'not_applied'
  readonly operation: string
  readonly address: OperationAddress
  readonly attempts: number
  /** Of the first failure, which is also the `cause`. Undefined where it was no answer of the server. */
  readonly sqlState: string | undefined
  /** Host and port, where they are known. */
  readonly server: string | undefined

  constructor(
    failed: Pick<UnavailableError, 'outcome' | 'operation' | 'address' | 'attempts' | 'sqlState' | 'server'>,
    elapsedMs: number,
    first: unknown,
    last: unknown,
  ) {
    const { outcome, operation, attempts, server } = failed
    const tries =
      attempts === 0 ? 'it waited for an earlier call' : attempts === 1 ? 'one attempt' : `${attempts} attempts`
    const where = server === undefined ? 'Postgres' : `Postgres at ${server}`
    const failures = nameOf(first) === nameOf(last) ? nameOf(first) : `${nameOf(first)}, at last ${nameOf(last)}`
    const remedy =
      outcome === 'unknown'
        ? 'It may have taken effect nevertheless; to do the same again is safe.'
        : 'It has had no effect; try again.'
    super(
      'UNAVAILABLE',
      `${operation} did not reach ${where} within ${Math.round(elapsedMs)} ms (${tries}: ${failures}). ${remedy} If it goes on, see what health() says.`,
      { cause: first },
    )
    this.outcome = outcome
    this.operation = operation
    this.address = failed.address
    this.attempts = attempts
    this.sqlState = failed.sqlState
    this.server = failed.server
  }
}

/** The checkpointer was used after its `end()`. */
export class EndedError extends CheckpointerError {
  override readonly name: string = 'EndedError'
  constructor() {
    super('ENDED', 'The checkpointer was ended. Call end() last, or make a new checkpointer.')
  }
}

/** A failure in a word: its code if it has one, else its message, which the driver made and holds no data. */
function nameOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? code : String(message)
}
