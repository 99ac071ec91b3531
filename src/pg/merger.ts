/**
 * Sends calls together, in one statement and one commit, where several are made in the same turn of the event loop or wait
 * because all connections are busy.
 *
 * | a call is | until |
 * |---|---|
 * | gathered | all that runs in this turn of the event loop has run |
 * | waiting | a connection is free and it is the first in the queue, or can go with the first |
 * | sent alone | it is answered |
 * | sent with others | the statement is answered; if it fails, each call is sent alone (all calls are idempotent) and gets its own answer or error |
 *
 * At most one call a thread goes into a statement, and threads in one order, so that no two statements wait for each other
 * in a circle.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Countdown } from '../deadline.ts'
import type { Attempt } from './attempt.ts'
import type { PgQueryable, Row } from './driver.ts'
import { mergedStatementFor, statementFor, type PgFunction } from './function.ts'

/** A call of a function, as it waits to be sent. */
export interface PgCall {
  readonly called: PgFunction
  readonly args: readonly unknown[]
  /** The thread whose row it locks. Undefined: it goes alone. Only calls with one value can go with others. */
  readonly threadId: string | undefined
  readonly attempt: Attempt
}

/** Calls per statement: beyond this the time of one statement grows as fast as the work in it. */
const MAX_CALLS = 32

/**
 * How long a statement with several calls may wait for a lock: a thread that another session has locked holds up the others
 * for no longer than this, and is then waited for alone.
 */
const LOCK_TIMEOUT_MS = 100

/** A statement that is sent at last has deadlines of its own; this much later it is given up, whatever it waits for. */
const GRACE_MS = 50

interface WaitingCall extends PgCall {
  readonly resolve: (rows: readonly Row[]) => void
  readonly reject: (error: unknown) => void
  /** Runs while all connections are busy. */
  countdown: Countdown | undefined
  /** Calls a function in the async context of the caller, so that traces tell whose statement it is. */
  readonly inContext: (<Result>(work: () => Result) => Result) | undefined
}

export class CallMerger {
  readonly #db: PgQueryable
  readonly #schema: string
  readonly #slots: number
  #busy = 0
  #isGathering = false
  #waiting: WaitingCall[] = []
  /** For each function, the statements for 1, 2, 3 … calls. */
  readonly #statements = new Map<PgFunction, string[]>()

  /** @param slots statements at a time: the connections of the pool */
  constructor(db: PgQueryable, schema: string, slots: number) {
    this.#db = db
    this.#schema = schema
    this.#slots = slots
  }

  call(call: PgCall): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      // The first call of a turn is sent in its own context as it is; a snapshot costs about a microsecond.
      const isFirst = !this.#isGathering && this.#waiting.length === 0 && this.#busy < this.#slots
      const inContext = isFirst ? undefined : AsyncLocalStorage.snapshot()
      this.#waiting.push({ ...call, resolve, reject, countdown: undefined, inContext })
      if (this.#isGathering) return
      this.#isGathering = true
      // After the promise jobs of this turn, in which further calls may be made, and without a turn of the event loop more.
      process.nextTick(() => {
        this.#isGathering = false
        this.#sendWaiting()
        for (const waiting of this.#waiting) startCountdown(waiting)
      })
    })
  }

  #sendAlone({ called, args, attempt, inContext }: WaitingCall): Promise<readonly Row[]> {
    const send = () => this.#db.query(this.#statement(called, 1), args, attempt)
    return inContext === undefined ? send() : inContext(send)
  }

  #sendWaiting(): void {
    while (this.#busy < this.#slots && this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      const [first] = batch
      if (first === undefined) continue
      this.#busy++
      for (const { countdown } of batch) countdown?.stop()
      const leave = () => {
        this.#busy--
        if (!this.#isGathering) this.#sendWaiting()
      }
      const sent =
        batch.length === 1
          ? this.#sendAlone(first).then(first.resolve, first.reject)
          : this.#sendMerged(first.called, batch)
      void sent.then(leave)
    }
  }

  /** The call that has waited longest, and all that can go with it. */
  #takeBatch(): readonly WaitingCall[] {
    const threads = new Set<string | undefined>()
    const batch: WaitingCall[] = []
    const rest: WaitingCall[] = []
    for (const call of this.#waiting) {
      if (call.attempt.isOver) {
        call.countdown?.stop()
        call.reject(new Error('The call was abandoned before it was sent.'))
        continue
      }
      const [first = call] = batch
      const isAlone = first.threadId === undefined || call.threadId === undefined
      const fits = call.called === first.called && !isAlone && batch.length < MAX_CALLS && !threads.has(call.threadId)
      if (batch.length === 0 || fits) batch.push(call)
      else rest.push(call)
      threads.add(call.threadId) // a later call of the same thread never overtakes
    }
    this.#waiting = rest
    return batch.toSorted((a, b) => ((a.threadId ?? '') < (b.threadId ?? '') ? -1 : 1))
  }

  /** Never rejects. */
  async #sendMerged(called: PgFunction, batch: readonly WaitingCall[]): Promise<void> {
    try {
      const args = batch.flatMap((call) => call.args)
      const attempt = new SharedAttempt(batch.map((call) => call.attempt))
      const [row] = await this.#db.query(this.#statement(called, batch.length), args, attempt)
      for (const [i, call] of batch.entries()) call.resolve([{ [called.name]: row?.[`answer_${i}`] }])
    } catch {
      // Which of them it was, and whether something was stored, each call by itself will tell.
      await Promise.all(batch.map((call) => this.#sendAlone(call).then(call.resolve, call.reject)))
    }
  }

  #statement(called: PgFunction, calls: number): string {
    let statements = this.#statements.get(called)
    if (statements === undefined) this.#statements.set(called, (statements = []))
    return (statements[calls] ??=
      calls === 1
        ? statementFor(called, this.#schema)
        : mergedStatementFor(called, this.#schema, calls, LOCK_TIMEOUT_MS))
  }
}

/** One statement's attempt on behalf of several: over when all are, in doubt for all. */
class SharedAttempt {
  readonly #attempts: readonly Attempt[]
  readonly budget = undefined

  constructor(attempts: readonly Attempt[]) {
    this.#attempts = attempts
  }

  leftMs(): number {
    return Math.min(...this.#attempts.map((attempt) => attempt.leftMs()))
  }

  get isOver(): boolean {
    return this.#attempts.every((attempt) => attempt.isOver)
  }

  set isOver(isOver: boolean) {
    for (const attempt of this.#attempts) attempt.isOver = isOver
  }

  get isInDoubt(): boolean {
    return this.#attempts.some((attempt) => attempt.isInDoubt)
  }

  set isInDoubt(isInDoubt: boolean) {
    for (const attempt of this.#attempts) attempt.isInDoubt = isInDoubt
  }
}

/** A statement that is sent has deadlines of its own; a call that waits for a connection has this one. */
function startCountdown(call: WaitingCall): void {
  if (call.countdown !== undefined) return
  call.countdown = new Countdown(call.attempt.budget)
  call.countdown.start(call.attempt.leftMs() + GRACE_MS, 'A free connection', call.reject)
}
