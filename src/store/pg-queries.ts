/**
 * Every runtime statement: one call of a function of sql/, unnamed, in autocommit. What a function does, its verdicts and
 * why it has its shape stand there, above it; here is what goes in and what comes back.
 */
import { quoteIdentifier } from '../pg/identifier.ts'
import { valueOf } from '../pg/merge.ts'

/** A statement for one schema. */
export interface Queries {
  /**
   * Stores a checkpoint.
   * $1 tenant $2 thread $3 namespace $4 checkpoint $5 parent or null $6 run or null $7 header $8 manifest
   * $9 conditional lines $10 metadata $11 digest $12 generation or null $13 lineage or null $14 fence or null
   * $15 part names $16 their offsets in $17 the blob. Answer: (verdict,seq,generation).
   */
  readonly put: string
  /**
   * Stores what a task wrote; with no writes, only parts.
   * $1 tenant $2 thread $3 namespace $4 checkpoint $5 task $6 its path $7 idx[] $8 channel[] $9 value[]
   * $10 generation or null $11 lineage or null $12 part names $13 their offsets in $14 the blob.
   * Answer: (verdict,generation).
   */
  readonly putWrites: string
  /** One checkpoint. $1 tenant $2 thread $3 namespace $4 checkpoint, or null for the head. Answer: see head_1. */
  readonly head: string
  /** The same, with parts. $1 to $4 as before $5 parts to send along. Rows: name, body, bytes; the first has head's answer for a body. */
  readonly read: string
  /** Parts. $1 tenant $2 thread $3 names $4 at most. Rows: name, body, bytes. */
  readonly parts: string
  /** A page of a thread. $1 tenant $2 thread $3 namespace $4 checkpoint $5 before $6 below seq $7 filter $8 limit. Answers: see reading_1. */
  readonly list: string
  /**
   * A page over all threads. $1 tenant $2 namespace $3 checkpoint $4 before $5 to $7 the last address of the page before
   * $8 filter $9 limit. Rows: thread_id, ns, id.
   */
  readonly listAll: string
  /** Delta history. $1 tenant $2 thread $3 namespace $4 checkpoint or null $5 channels $6 their manifest keys. Answers: see history_1. */
  readonly history: string
  /** Names of a thread's parts. $1 tenant $2 thread $3 at most. Rows: name. */
  readonly partNames: string
  /** How often, in a sense, a thread was deleted. $1 tenant $2 thread. At most one row: tombstone. */
  readonly tombstone: string
  /**
   * Removes a thread that was not deleted since its tombstone was read; else does nothing. So a deletion whose answer
   * was lost can be sent again, however late it or the first one arrives, and doesn't hit a run that began in between.
   * `for update` waits for the row and then compares again. $1 tenant $2 thread $3 tombstone.
   */
  readonly deleteThread: string
}

export function queriesFor(schema: string): Queries {
  const threads = `${quoteIdentifier(schema)}.threads`
  // No casts: each function has one form, which gives the parameters their types, and 17 casts cost 20 µs a call.
  const call = (name: string, parameters: number) => {
    const numbered = Array.from({ length: parameters }, (_, i) => `$${i + 1}`)
    return `${quoteIdentifier(schema)}.${name}(${numbered.join(', ')})`
  }
  return {
    put: valueOf(call('put_1', 17)),
    putWrites: valueOf(call('put_writes_1', 14)),
    head: valueOf(call('head_1', 4)),
    read: `select * from ${call('read_1', 5)}`,
    parts: `select * from ${call('parts_1', 4)}`,
    list: valueOf(call('list_1', 8)),
    listAll: `select * from ${call('list_all_1', 9)}`,
    history: valueOf(call('history_1', 6)),
    partNames: `select name from ${quoteIdentifier(schema)}.parts where tenant_id = $1 and thread_id = $2 limit $3`,
    tombstone: `select tombstone from ${threads} where tenant_id = $1 and thread_id = $2`,
    deleteThread: `select ${quoteIdentifier(schema)}.delete_thread_1($1, $2)
      from (select from ${threads} where tenant_id = $1 and thread_id = $2 and tombstone = $3 for update) unchanged`,
  }
}
