import type { PgPool } from './pool.ts'

/** How many checkpointers use a pool that was passed in. */
const users = new WeakMap<PgPool, number>()

function ignore(): void {}

/**
 * Listens for errors of a pool while it is used here: an idle connection that drops is an event of the pool, and would end
 * the process if there were no listener. One listener for all checkpointers that share the pool.
 * @returns stops listening for this user; a second call does nothing
 */
export function listenToPool(pool: PgPool): () => void {
  const count = users.get(pool) ?? 0
  if (count === 0) pool.on?.('error', ignore)
  users.set(pool, count + 1)
  let isUsed = true
  return () => {
    if (!isUsed) return
    isUsed = false
    const left = (users.get(pool) ?? 1) - 1
    users.set(pool, left)
    if (left === 0) pool.removeListener?.('error', ignore)
  }
}
