/**
 * Calls that wait because all connections are busy travel together, in one statement and one commit. Where none waits,
 * nothing changes.
 *
 * At most one call a thread goes into a statement, and threads in one order, so that no two statements wait for each
 * other in a circle. If the statement fails, each call is made again by itself (they are idempotent) and gets its own
 * answer, or its own error.
 */
import { within } from '../deadline.ts'
import type { PgQueryable, Row } from './driver.ts'
import type { Attempt } from './retry.ts'

/** A statement that calls a function of ours. */
export interface FunctionCall {
  readonly text: string
  readonly params: readonly unknown[]
  /** Where it locks. Undefined: it goes alone; else its text is of `valueOf`. */
  readonly threadId: string | undefined
  readonly attempt: Attempt
}

/** The statement for a function that gives one value: a row with `answer`. Only such calls can go with others. */
export function valueOf(call: string): string {
  return `${SELECT}${call}${AS_ANSWER}`
}

const SELECT = 'select '
const AS_ANSWER = ' as answer'

/** Calls per statement: beyond this the time of one statement grows as fast as the work in it. */
const MAX_CALLS = 32

/** A statement that is sent at last has deadlines of its own; this much later it is given up, whatever it waits for. */
const GRACE_MS = 50

interface WaitingCall extends FunctionCall {
  readonly resolve: (rows: readonly Row[]) => void
  readonly reject: (error: unknown) => void
}

export class CallMerger {
  readonly #db: PgQueryable
  readonly #slots: number
  #busy = 0
  #waiting: WaitingCall[] = []
  /** One for each function and number of calls. */
  readonly #mergedTexts = new Map<string, string>()

  /** @param slots statements at a time: the connections of the pool */
  constructor(db: PgQueryable, slots: number) {
    this.#db = db
    this.#slots = slots
  }

  call(call: FunctionCall): Promise<readonly Row[]> {
    if (this.#busy < this.#slots && this.#waiting.length === 0) {
      this.#busy++
      const answer = this.#db.query(call.text, call.params, call.attempt)
      const leave = () => this.#leave()
      answer.then(leave, leave)
      return answer
    }
    const turn = new Promise<readonly Row[]>((resolve, reject) => {
      this.#waiting.push({ ...call, resolve, reject })
    })
    return within(turn, { ms: call.attempt.leftMs() + GRACE_MS, what: 'A free connection' })
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
        const text = this.#mergedText(first.text, first.params.length, batch.length)
        const params = batch.flatMap((call) => call.params)
        const [row] = await this.#db.query(text, params, sharedAttempt(batch))
        for (const [i, call] of batch.entries()) call.resolve([{ answer: row?.[`answer_${i}`] }])
        return
      } catch {
        // Which of them it was, and whether something was stored, each call by itself will tell.
      }
    }
    await Promise.all(
      batch.map((call) => this.#db.query(call.text, call.params, call.attempt).then(call.resolve, call.reject)),
    )
  }

  /** `select f($1, …) as answer_0, f($18, …) as answer_1`: Postgres calls them from left to right. */
  #mergedText(text: string, parameters: number, calls: number): string {
    const key = `${calls} ${text}`
    let merged = this.#mergedTexts.get(key)
    if (merged === undefined) {
      const call = text.slice(SELECT.length, -AS_ANSWER.length)
      const list = call.lastIndexOf('(') // a schema's name may hold $1, too
      const columns = Array.from({ length: calls }, (_, i) => {
        const numbered = call.slice(list).replace(/\$(\d+)/g, (_whole, n: string) => `$${Number(n) + i * parameters}`)
        return `${call.slice(0, list)}${numbered}${AS_ANSWER}_${i}`
      })
      merged = SELECT + columns.join(', ')
      this.#mergedTexts.set(key, merged)
    }
    return merged
  }
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
