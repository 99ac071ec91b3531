/** Readers of a thread who want the same parts at the same time share one question. */
import type { Part, PartName } from '../codec/part.ts'

interface Question {
  readonly names: ReadonlySet<PartName>
  readonly answer: Promise<readonly Part[]>
}

type Ask = (names: readonly PartName[]) => Promise<readonly Part[]>

export class SingleFlight {
  readonly #insists: boolean
  /** By thread. Questions, not names, are listed: where nobody else is asking, sharing costs nothing. */
  readonly #open = new Map<string, Question[]>()

  /** @param insists what another's answer lacks is asked again, since it may have been stored after he asked */
  constructor(insists: boolean) {
    this.#insists = insists
  }

  /**
   * The parts with these names, as far as `ask` has them, and perhaps others. `ask` hears only names that nobody else asks
   * for already. It must not depend on its caller, for instance by a signal: its failure is that of all who share it.
   */
  async get(threadId: string, names: ReadonlySet<PartName>, ask: Ask): Promise<readonly Part[]> {
    const open = this.#open.get(threadId)
    if (open === undefined) return this.#ask(threadId, names, ask)
    const own = new Set(names)
    const answers: Promise<readonly Part[]>[] = []
    for (const question of open) {
      const shared = new Set<PartName>()
      for (const name of own) if (question.names.has(name)) shared.add(name)
      if (shared.size === 0) continue
      for (const name of shared) own.delete(name)
      answers.push(this.#join(threadId, question, shared, ask))
    }
    if (own.size > 0) answers.push(this.#ask(threadId, own, ask))
    return (await Promise.all(answers)).flat()
  }

  async #ask(threadId: string, names: ReadonlySet<PartName>, ask: Ask): Promise<readonly Part[]> {
    const question: Question = { names, answer: ask([...names]) }
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

  async #join(threadId: string, question: Question, names: ReadonlySet<PartName>, ask: Ask): Promise<readonly Part[]> {
    const parts = await question.answer
    if (!this.#insists) return parts
    const lacking = new Set(names)
    for (const part of parts) lacking.delete(part.name)
    return lacking.size === 0 ? parts : [...parts, ...(await this.#ask(threadId, lacking, ask))]
  }
}
