/** What one process does to a thread happens in the order in which it was called. */
import { within, type Budget } from '../deadline.ts'

export class ThreadTurns {
  /** The last call of each thread that is still going on. Never rejects. */
  readonly #last = new Map<string, Promise<unknown>>()

  /**
   * Runs `task` when all earlier calls for the thread have ended, well or not. The place is taken at once.
   * Waiting counts: when the budget is used up before the turn has come, `task` is not run any more.
   * @param tooLate makes the error for that case
   */
  run<Result>(
    threadId: string,
    budget: Budget,
    task: () => Promise<Result>,
    tooLate: (cause: unknown) => Error,
  ): Promise<Result> {
    const before = this.#last.get(threadId)
    if (before === undefined) return this.#enqueue(threadId, task())
    let isGivenUp = false
    let hasBegun = false
    const turn = before.then(() => {
      if (isGivenUp) return undefined as never
      hasBegun = true
      return task()
    })
    void this.#enqueue(threadId, turn)
    const begun = within(before, { ms: Math.max(1, budget.leftMs()), budget, what: 'The call before it' })
    return begun.then(
      () => turn,
      (error: unknown) => {
        if (hasBegun) return turn
        isGivenUp = true
        throw tooLate(error)
      },
    )
  }

  #enqueue<Result>(threadId: string, turn: Promise<Result>): Promise<Result> {
    const leave = () => {
      if (this.#last.get(threadId) === settled) this.#last.delete(threadId)
    }
    const settled: Promise<void> = turn.then(leave, leave)
    this.#last.set(threadId, settled)
    return turn
  }
}
