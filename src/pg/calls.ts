/**
 * The one door to Postgres: every statement at run time, but for those of health() and of migrations, is a call of one of the
 * functions in calls/, a file a room, unnamed, in autocommit. What a function does, its verdicts and why it has its shape
 * stand above it in sql/functions.
 */
import * as checkpoints from './calls/checkpoints.ts'
import * as threads from './calls/threads.ts'
import type { PgFunction } from './function.ts'

/** All of them: a test compares each with the database's own declaration, and health() looks for each. */
export const CALLS: readonly PgFunction[] = [checkpoints, threads].flatMap((room) => Object.values<PgFunction>(room))

/** What calls of other functions need; they are never called from outside. */
export const INNER_FUNCTIONS: readonly string[] = ['are_stored_1', 'make_thread_1', 'reading_1', 'unpacked_1']
