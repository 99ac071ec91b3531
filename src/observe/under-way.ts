/** Work that is under way, to be waited for before what it needs is closed. */
export class UnderWay {
  #count = 0
  #waiting: (() => void)[] = []

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = work()
    this.#count++
    const leave = () => {
      if (--this.#count > 0) return
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
    result.then(leave, leave)
    return result
  }

  /**
   * Resolves when nothing is under way. What is called in the same turn of the event loop is waited for, too: LangGraph
   * calls the next put of a run when the one before has ended.
   */
  async ended(): Promise<void> {
    await turnOfEventLoop()
    while (this.#count > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      await turnOfEventLoop()
    }
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
