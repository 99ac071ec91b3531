import type { PgPool, PgPoolClient } from './pool.ts'

type Answer = (error: unknown, client: PgPoolClient | undefined) => void

/** A place in the queue of the pool. Without an answer, the caller has stopped waiting for it. */
interface Request {
  answer: Answer | undefined
}

/**
 * Asks a pool for clients. A pool's queue can't be left, so a request that is no longer waited for serves the next attempt:
 * during an outage the queue of a pool grows with the calls that wait, and not with their attempts.
 */
export class ClientRequests {
  readonly #pool: PgPool
  readonly #unwanted = new Set<Request>()

  constructor(pool: PgPool) {
    this.#pool = pool
  }

  /** @param answer called once, unless the returned function is called before: that gives up waiting */
  ask(answer: Answer): () => void {
    const [unwanted] = this.#unwanted
    const request: Request = unwanted ?? { answer }
    request.answer = answer
    this.#unwanted.delete(request)
    if (unwanted === undefined) this.#connect(request)
    return () => {
      request.answer = undefined
      this.#unwanted.add(request)
    }
  }

  #connect(request: Request): void {
    let isSettled = false
    const settle: Answer = (error, client) => {
      if (isSettled) return
      isSettled = true
      this.#unwanted.delete(request)
      const { answer } = request
      request.answer = undefined
      if (answer !== undefined) answer(error, client)
      else client?.release()
    }
    try {
      // With a callback, which listens before the next message is looked at: it may be the end of the connection.
      const promised: unknown = this.#pool.connect(settle)
      // A pool that takes no callback gives a promise; pg.Pool gives none when it has a callback.
      if (isThenable(promised)) {
        promised.then(
          (client) => client !== undefined && settle(undefined, client),
          (error) => settle(error, undefined),
        )
      }
    } catch (error) {
      settle(error, undefined)
    }
  }
}

/** An async method that was given the callback, too, resolves to nothing. */
function isThenable(value: unknown): value is PromiseLike<PgPoolClient | undefined> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
