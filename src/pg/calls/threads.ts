/** The functions of sql/functions/threads.sql. */
import type { Json } from '../function.ts'

export type DeletedTuple = readonly [deleted: boolean, partNames: readonly string[]]

/** The generation that the last deleteThread of a thread began. */
export const deletedGeneration = {
  name: 'deleted_generation_1',
  answers: 'json' as Json<number>,
  parameters: { tenant: 'text', thread: 'text' },
} as const

/** Removes a thread. */
export const deleteThread = {
  name: 'delete_thread_1',
  answers: 'json' as Json<DeletedTuple>,
  parameters: { tenant: 'text', thread: 'text', deleted_generation: 'bigint', names_limit: 'integer' },
} as const
