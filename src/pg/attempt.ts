import type { Budget } from '../deadline.ts'

/** An attempt has at least this long, however little of the budget is left: a call never ends untried. */
const LEAST_MS = 250

/** One attempt at an operation, as the layers below the retries see it. */
export class Attempt {
  readonly budget: Budget | undefined
  /** The caller has stopped waiting for it: what is not sent yet need not be. */
  isOver = false
  /** Set when something is sent that may take effect, and reset when it is known that it has not. */
  isInDoubt = false

  /** @param budget of the operation; without one, the attempt has all the time that the limits of each wait give it */
  constructor(budget?: Budget) {
    this.budget = budget
  }

  /** Milliseconds until the operation has to be over. */
  leftMs(): number {
    return this.budget === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST_MS, this.budget.leftMs())
  }
}
