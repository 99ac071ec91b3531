/**
 * Calls that wait because all connections are busy travel together, in one statement and one commit: at 64 threads on a
 * pool of 10 that is several times the work, and where no call waits nothing changes.
 *
 * At most one call a thread goes into a statement, and threads in one order, so that no two statements wait for each
 * other in a circle. If the statement fails, each call is made again by itself (they are idempotent) and gets its own
 * answer, or its own error.
 */
import type { PgQueryable, Row } from './driver.ts'

/** A call of one of our functions: `select * from f($1::type, …)`. */
export interface FunctionCall {
  readonly text: string
  readonly params: readonly unknown[]
  /** Where it locks. */
  readonly threadId: string
  /** About how much is sent, in bytes; large calls gain nothing by company. */
  readonly size: number
}

/** Calls per statement: beyond this the time of one statement grows as fast as the work in it. */
const MAX_CALLS = 32
/** Larger calls than this go alone. */
const MAX_CALL_SIZE = 64 * 1024

interface Waiting extends FunctionCall {
  resolve(rows: readonly Row[]): void
  reject(error: unknown): void
}

export class CallMerger {
  readonly #db: PgQueryable
  readonly #slots: number
  #busy = 0
  readonly #waiting: Waiting[] = []

  /** @param slots statements at a time: the connections of the pool */
  constructor(db: PgQueryable, slots: number) {
    this.#db = db
    this.#slots = slots
  }

  call(call: FunctionCall): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...call, resolve, reject })
      this.#next()
    })
  }

  #next(): void {
    while (this.#busy < this.#slots && this.#waiting.length > 0) {
      this.#busy++
      const batch = this.#takeBatch()
      void (batch.length === 1 ? this.#alone(batch[0] as Waiting) : this.#together(batch)).finally(() => {
        this.#busy--
        this.#next()
      })
    }
  }

  /** The call that has waited longest, and all that can go with it. */
  #takeBatch(): Waiting[] {
    const [first] = this.#waiting
    if (first === undefined) return []
    const threads = new Set<string>()
    const batch: Waiting[] = []
    const rest: Waiting[] = []
    for (const call of this.#waiting) {
      const fits = call === first || (batch.length < MAX_CALLS && call.text === first.text && call.size <= MAX_CALL_SIZE && first.size <= MAX_CALL_SIZE)
      if (fits && !threads.has(call.threadId)) batch.push(call)
      else rest.push(call)
      threads.add(call.threadId) // a later call of the same thread never overtakes
    }
    this.#waiting.splice(0, this.#waiting.length, ...rest)
    return batch.toSorted((a, b) => (a.threadId < b.threadId ? -1 : 1))
  }

  async #alone({ text, params, resolve, reject }: Waiting): Promise<void> {
    await this.#db.query(text, params).then(resolve, reject)
  }

  async #together(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    let rows: readonly Row[]
    try {
      rows = await this.#db.query(mergedText(first.text, batch.length, first.params.length), batch.flatMap(({ params }) => params))
    } catch {
      await Promise.all(batch.map((call) => this.#alone(call)))
      return
    }
    const answers: Row[][] = batch.map(() => [])
    for (const row of rows) answers[Number(row['merged_call'])]?.push(row)
    batch.forEach((call, i) => call.resolve(answers[i] ?? []))
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
