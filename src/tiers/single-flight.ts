/** Readers of a thread that want the same parts at the same time share one question. */
import type { Part, PartName } from '../codec/part.ts'

/** A question that has been asked and not been answered yet. */
interface Question {
  readonly names: ReadonlySet<PartName>
  readonly answer: Promise<readonly Part[]>
}

type Ask = (names: ReadonlySet<PartName>) => Promise<readonly Part[]>

export class SingleFlight {
  readonly #asksAgain: boolean
  /** By thread. */
  readonly #open = new Map<string, Question[]>()

  /** @param asksAgain what a shared answer lacks is asked for once more, as it may have been stored since the question */
  constructor(asksAgain: boolean) {
    this.#asksAgain = asksAgain
  }

  /**
   * The parts with these names, as far as `ask` has them, and perhaps others. Where a question of the same thread is
   * under way that holds all of these names, its answer is shared. One that holds only some of them is not: the rest would
   * have to be asked for all the same, so no round trip would be saved.
   *
   * @param ask must not depend on its caller, for instance on a signal: where it rejects, so does each reader that shares it
   */
  async get(threadId: string, names: ReadonlySet<PartName>, ask: Ask): Promise<readonly Part[]> {
    const open = this.#open.get(threadId)?.find((question) => isWithin(names, question.names))
    if (open === undefined) return this.#ask(threadId, names, ask)
    const parts = await open.answer
    if (!this.#asksAgain) return parts
    const lacking = new Set(names)
    for (const part of parts) lacking.delete(part.name)
    return lacking.size === 0 ? parts : [...parts, ...(await this.#ask(threadId, lacking, ask))]
  }

  async #ask(threadId: string, names: ReadonlySet<PartName>, ask: Ask): Promise<readonly Part[]> {
    const question: Question = { names, answer: ask(names) }
    const open = this.#open.get(threadId)
    if (open === undefined) this.#open.set(threadId, [question])
    else open.push(question)
    try {
      return await question.answer
    } finally {
      const left = this.#open.get(threadId)?.filter((other) => other !== question) ?? []
      if (left.length === 0) this.#open.delete(threadId)
      else this.#open.set(threadId, left)
    }
  }
}

function isWithin(names: ReadonlySet<PartName>, others: ReadonlySet<PartName>): boolean {
  if (names.size > others.size) return false
  for (const name of names) if (!others.has(name)) return false
  return true
}
