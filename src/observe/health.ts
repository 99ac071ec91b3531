/** How the servers are, in numbers and sentences. */

/** What `PgCheckpointer.health()` tells. */
export interface Health {
  /** Postgres can be read and written, and has our tables as this release needs them. Redis never counts. */
  readonly healthy: boolean
  readonly postgres: PostgresHealth
  /** Left out where no Redis is used. */
  readonly redis?: RedisHealth
  /** What should be looked into, in sentences; the reasons where `healthy` is false come first. */
  readonly warnings: readonly string[]
}

/** What Postgres answered, or why it did not. */
export interface PostgresHealth {
  readonly reachable: boolean
  /** From the question to the answer, in milliseconds, with a new connection where none was idle. */
  readonly latencyMs: number
  /** The rest is there if Postgres was reached. For example "18.4". */
  readonly serverVersion?: string
  /** 0: the tables are not there. Left out where the role may not look. */
  readonly schemaVersion?: number
  /** The oldest schema version that a release must know to work with the tables; left out with `schemaVersion`. */
  readonly requiredRelease?: number
  /** The schema version that this release needs. */
  readonly neededSchemaVersion: number
  /** Can't be written, and may be behind. */
  readonly isStandby?: boolean
  /** Sessions may not write: default_transaction_read_only is on, or it is a standby. */
  readonly isReadOnly?: boolean
  /** The functions need "read committed". */
  readonly isolation?: string
  /** What this role may not do and would have to, in the words of GRANT. */
  readonly missingRights?: readonly string[]
  /** The settings without which an acknowledged checkpoint may be lost: `on` is what should be there. */
  readonly synchronousCommit?: string
  readonly fsync?: string
  readonly fullPageWrites?: string
  /** Why it could not be reached. */
  readonly error?: unknown
}

/** Whether Redis replied, and how fast. */
export interface RedisHealth {
  readonly reachable: boolean
  /** Of one MGET, in milliseconds. */
  readonly latencyMs: number | undefined
  /** Why it is not reachable. */
  readonly error: string | undefined
}

/** What to make of what was found. */
export function assess(postgres: PostgresHealth, redis: RedisHealth | undefined): Health {
  const problems = problemsOf(postgres)
  const risks = risksOf(postgres)
  if (redis?.reachable === false) risks.push('Redis is out of reach: all parts are read from Postgres.')
  return { healthy: problems.length === 0, postgres, ...(redis && { redis }), warnings: [...problems, ...risks] }
}

function problemsOf(postgres: PostgresHealth): string[] {
  const { reachable, isStandby, isReadOnly, isolation, missingRights = [] } = postgres
  const { schemaVersion, requiredRelease = 0, neededSchemaVersion } = postgres
  if (!reachable) return ['Postgres is out of reach.']
  const problems: string[] = []
  if (isStandby === true)
    problems.push("Postgres is a standby: it can't be written, and may be behind. Connect to the primary.")
  else if (isReadOnly === true)
    problems.push('Sessions of this role are read-only. Set default_transaction_read_only to off for it.')
  if (isolation !== undefined && isolation !== 'read committed')
    problems.push(`The transaction isolation is ${isolation}. Set default_transaction_isolation to 'read committed'.`)
  if (requiredRelease > neededSchemaVersion)
    problems.push(
      `The schema needs a release that knows version ${requiredRelease}, this one knows ${neededSchemaVersion}. Upgrade langgraph-pg-checkpointer in this process.`,
    )
  if (missingRights.length > 0) problems.push(`This role lacks: ${missingRights.join('; ')}.`)
  if (schemaVersion !== undefined && schemaVersion < neededSchemaVersion) {
    problems.push(`The schema is at version ${schemaVersion}, this release needs ${neededSchemaVersion}. Call setup().`)
  }
  return problems
}

function risksOf({ reachable, synchronousCommit, fsync, fullPageWrites, schemaVersion }: PostgresHealth): string[] {
  if (!reachable) return []
  const risks: string[] = []
  if (schemaVersion === undefined) risks.push("The schema version can't be read with this role.")
  if (synchronousCommit === 'off') {
    risks.push(
      'synchronous_commit is off: a crash of Postgres loses what was acknowledged in the last moments. Set it to on for this role or database.',
    )
  }
  if (fsync === 'off') risks.push('fsync is off: a crash of the machine can destroy the database. Set it to on.')
  if (fullPageWrites === 'off')
    risks.push('full_page_writes is off: a crash of the machine can leave torn pages. Set it to on.')
  return risks
}
