/** Carries out calls of functions: retried where that may help, together with others where connections are busy. */
import type { Row } from './driver.ts'
import { argumentList, type AnswerOf, type ArgumentsOf, type PgFunction } from './function.ts'
import type { CallMerger } from './merger.ts'
import type { Purpose, Retrier } from './retry.ts'

/**
 * Each method rejects with `UnavailableError` when the time of the operation is up, and with Postgres's own error where
 * another attempt would not help.
 */
export class CallRunner {
  readonly #merger: CallMerger
  readonly #retrier: Retrier

  constructor(merger: CallMerger, retrier: Retrier) {
    this.#merger = merger
    this.#retrier = retrier
  }

  /**
   * Calls a function that gives one JSON text.
   * @param mergeAt the thread whose row it locks or reads, if it may go together with calls for other threads
   */
  async value<Called extends PgFunction<'json'>>(
    purpose: Purpose,
    called: Called,
    args: ArgumentsOf<Called>,
    mergeAt?: string,
  ): Promise<AnswerOf<Called>> {
    const [row] = await this.#send(purpose, called, args, mergeAt)
    return parse(row, called.name) as AnswerOf<Called>
  }

  /** Calls a function that gives a row with a JSON text for each result. */
  async values<Called extends PgFunction<'jsons'>>(
    purpose: Purpose,
    called: Called,
    args: ArgumentsOf<Called>,
  ): Promise<readonly AnswerOf<Called>[]> {
    return (await this.#send(purpose, called, args)).map((row) => parse(row, called.name) as AnswerOf<Called>)
  }

  /** Calls a function that gives rows with the columns name, body and bytes. */
  rows<Called extends PgFunction<'parts'>>(
    purpose: Purpose,
    called: Called,
    args: ArgumentsOf<Called>,
  ): Promise<readonly Row[]> {
    return this.#send(purpose, called, args)
  }

  #send<Called extends PgFunction>(
    purpose: Purpose,
    called: Called,
    named: ArgumentsOf<Called>,
    threadId?: string,
  ): Promise<readonly Row[]> {
    const args = argumentList(called, named)
    return this.#retrier.run(purpose, (attempt) => this.#merger.call({ called, args, threadId, attempt }))
  }
}

/** @returns undefined where the function gave null */
function parse(row: Row | undefined, column: string): unknown {
  const answer = row?.[column]
  return typeof answer === 'string' ? (JSON.parse(answer) as unknown) : undefined
}
