/** What one process does to a thread happens in the order in which it was called. */
export class ThreadTurns {
  /** The last call of each thread that is still going on. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `task` when all earlier calls for the thread have ended, well or not. The place is taken at once. */
  run<Result>(threadId: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(threadId)
    const turn = before === undefined ? task() : before.then(task, task)
    this.#last.set(threadId, turn)
    const leave = () => {
      if (this.#last.get(threadId) === turn) this.#last.delete(threadId)
    }
    turn.then(leave, leave)
    return turn
  }
}
