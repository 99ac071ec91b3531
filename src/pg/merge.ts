/**
 * Calls that wait because all connections are busy travel together, in one statement and one commit. Where none waits,
 * nothing changes.
 *
 * At most one call a thread goes into a statement, and threads in one order, so that no two statements wait for each
 * other in a circle. If the statement fails, each call is made again by itself (they are idempotent) and gets its own
 * answer, or its own error.
 */
import type { PgQueryable, Row } from './driver.ts'
import type { Attempt } from './retry.ts'

/** A call of one of our functions: `select * from f($1, …)`. */
export interface FunctionCall {
  readonly text: string
  readonly params: readonly unknown[]
  /** Where it locks. Undefined: it goes alone. */
  readonly threadId: string | undefined
  readonly attempt: Attempt
}

/** Calls per statement: beyond this the time of one statement grows as fast as the work in it. */
const MAX_CALLS = 32

interface WaitingCall extends FunctionCall {
  readonly resolve: (rows: readonly Row[]) => void
  readonly reject: (error: unknown) => void
}

export class CallMerger {
  readonly #db: PgQueryable
  readonly #slots: number
  #busy = 0
  #waiting: WaitingCall[] = []

  /** @param slots statements at a time: the connections of the pool */
  constructor(db: PgQueryable, slots: number) {
    this.#db = db
    this.#slots = slots
  }

  call(call: FunctionCall): Promise<readonly Row[]> {
    if (this.#busy < this.#slots && this.#waiting.length === 0) {
      this.#busy++
      return this.#db.query(call.text, call.params, call.attempt).finally(() => this.#leave())
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...call, resolve, reject })
    })
  }

  #leave(): void {
    this.#busy--
    while (this.#busy < this.#slots && this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      if (batch.length === 0) continue
      this.#busy++
      void this.#run(batch).finally(() => this.#leave())
    }
  }

  /** The call that has waited longest, and all that can go with it. */
  #takeBatch(): readonly WaitingCall[] {
    const threads = new Set<string | undefined>()
    const batch: WaitingCall[] = []
    const rest: WaitingCall[] = []
    for (const call of this.#waiting) {
      if (call.attempt.isOver) {
        call.reject(new Error('Nobody waits for this call any more.'))
        continue
      }
      const [first = call] = batch
      const isAlone = first.threadId === undefined || call.threadId === undefined
      const fits = call.text === first.text && !isAlone && batch.length < MAX_CALLS && !threads.has(call.threadId)
      if (batch.length === 0 || fits) batch.push(call)
      else rest.push(call)
      threads.add(call.threadId) // a later call of the same thread never overtakes
    }
    this.#waiting = rest
    return batch.toSorted((a, b) => ((a.threadId ?? '') < (b.threadId ?? '') ? -1 : 1))
  }

  async #run(batch: readonly WaitingCall[]): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    if (batch.length > 1) {
      try {
        const params = batch.flatMap((call) => call.params)
        const rows = await this.#db.query(
          mergedText(first.text, batch.length, first.params.length),
          params,
          sharedAttempt(batch),
        )
        const answers: Row[][] = batch.map(() => [])
        for (const row of rows) answers[Number(row['merged_call'])]?.push(row)
        for (const [i, call] of batch.entries()) call.resolve(answers[i] ?? [])
        return
      } catch {
        // Which of them it was, and whether something was stored, each call by itself will tell.
      }
    }
    await Promise.all(
      batch.map((call) => this.#db.query(call.text, call.params, call.attempt).then(call.resolve, call.reject)),
    )
  }
}

/** `select 0 as merged_call, c.* from f($1 …) c union all select 1, c.* from f($5 …) c …` */
function mergedText(text: string, calls: number, parameters: number): string {
  const from = text.slice(text.indexOf(' from '))
  return Array.from({ length: calls }, (_, call) => {
    const shifted = from.replace(/\$(\d+)/g, (_whole, number: string) => `$${Number(number) + call * parameters}`)
    return `select ${call} as merged_call, c.*${shifted} c`
  }).join('\nunion all\n')
}

/** One statement's attempt on behalf of several: over when all are, in doubt for all. */
function sharedAttempt(batch: readonly WaitingCall[]): Attempt {
  return {
    leftMs: () => Math.min(...batch.map(({ attempt }) => attempt.leftMs())),
    get isOver() {
      return batch.every(({ attempt }) => attempt.isOver)
    },
    set isOver(isOver) {
      for (const { attempt } of batch) attempt.isOver = isOver
    },
    get isInDoubt() {
      return batch.some(({ attempt }) => attempt.isInDoubt)
    },
    set isInDoubt(isInDoubt) {
      for (const { attempt } of batch) attempt.isInDoubt = isInDoubt
    },
  }
}
