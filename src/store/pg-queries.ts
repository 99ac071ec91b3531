/**
 * Every runtime statement: one call of a function of sql/, unnamed, in autocommit. What a function does, its verdicts and
 * why it has its shape stand there, above it; here is what goes in and what comes back.
 */
import { quoteIdentifier } from '../pg/identifier.ts'

/** A statement for one schema. */
export interface Queries {
  /**
   * Stores a checkpoint.
   * $1 tenant $2 thread $3 namespace $4 checkpoint $5 parent or null $6 run or null $7 header $8 manifest
   * $9 conditional lines $10 metadata $11 digest $12 generation or null $13 lineage or null $14 fence or null
   * $15 part names $16 their ends in $17 the blob. One row: verdict, seq, generation.
   */
  readonly put: string
  /**
   * Stores what a task wrote; with no writes, only parts.
   * $1 tenant $2 thread $3 namespace $4 checkpoint $5 task $6 idx[] $7 channel[] $8 value[]
   * $9 generation or null $10 lineage or null $11 part names $12 their ends in $13 the blob. One row: verdict, generation.
   */
  readonly putWrites: string
  /** One checkpoint. $1 tenant $2 thread $3 namespace $4 checkpoint, or null for the head $5 parts to send along. Rows: reading_1. */
  readonly read: string
  /** Parts. $1 tenant $2 thread $3 names $4 at most. Rows: name, body, bytes. */
  readonly parts: string
  /** A page of a thread. $1 tenant $2 thread $3 namespace $4 checkpoint $5 before $6 below seq $7 filter $8 limit. Rows: reading_1. */
  readonly list: string
  /**
   * A page over all threads. $1 tenant $2 namespace $3 checkpoint $4 before $5 to $7 the last address of the page before
   * $8 filter $9 limit. Rows: thread_id, ns, id.
   */
  readonly listAll: string
  /** Delta history. $1 tenant $2 thread $3 namespace $4 checkpoint or null $5 channels $6 their manifest keys. Rows: reading_1. */
  readonly history: string
  /** $1 tenant $2 thread. */
  readonly deleteThread: string
}

export function queriesFor(schema: string): Queries {
  const call = (name: string, parameters: string) => `select * from ${quoteIdentifier(schema)}.${name}(${parameters})`
  return {
    put: call(
      'put_1',
      '$1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text[], $10::text, $11::text, $12::bigint, $13::bigint, $14::bigint, $15::text[], $16::integer[], $17::bytea',
    ),
    putWrites: call(
      'put_writes_1',
      '$1::text, $2::text, $3::text, $4::text, $5::text, $6::integer[], $7::text[], $8::text[], $9::bigint, $10::bigint, $11::text[], $12::integer[], $13::bytea',
    ),
    read: call('read_1', '$1::text, $2::text, $3::text, $4::text, $5::integer'),
    parts: call('parts_1', '$1::text, $2::text, $3::text[], $4::integer'),
    list: call('list_1', '$1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::jsonb, $8::integer'),
    listAll: call('list_all_1', '$1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::jsonb, $9::integer'),
    history: call('history_1', '$1::text, $2::text, $3::text, $4::text, $5::text[], $6::text[]'),
    deleteThread: call('delete_thread_1', '$1::text, $2::text'),
  }
}
