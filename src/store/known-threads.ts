/**
 * What this process knows of threads: which parts are stored, on which commits that knowledge rests, and in which
 * generation each run began. A writer leaves out what is known to be stored and names the commits; the function that writes
 * finds them, or answers `generation`, and then everything is sent.
 */
import type { Part, PartName, Parts } from '../codec/part.ts'
import { LruMap } from '../lru-map.ts'
import type { CheckpointProof, Proof, WriteProof } from './proof.ts'
import type { Answer, Delivery, FinalVerdict } from './store.ts'

/** Which thread, and which run writes to it; undefined: none that is known. */
export interface Destination {
  readonly threadId: string
  readonly run: object | undefined
}

/** What came of a record. */
export interface Delivered extends Answer<FinalVerdict> {
  /** Of the record's parts, those that were sent. */
  readonly newParts: readonly Part[]
  /** How many were left out. */
  readonly omitted: number
}

/** Parts that are known to be stored by one proof, which moves on to the next checkpoint that has found it. */
interface Basis {
  readonly thread: KnownThread
  proof: Proof
  /** Set where all that rested on this one rests on another now. */
  mergedInto: Basis | undefined
}

/** A thread in one generation; in another, nothing of it holds. */
interface KnownThread {
  readonly generation: number
  readonly bases: Map<PartName, Basis>
}

/** Names over all threads; at about 100 bytes each, 50 MB. */
const MAX_NAMES = 500_000

/** What a record is sent with, and what was relied on for it. */
interface Plan {
  readonly delivery: Delivery
  /** Each as it was when the record was sent. */
  readonly reliedOn: readonly { readonly basis: Basis; readonly proof: Proof }[]
}

export class KnownThreads {
  readonly #threads = new LruMap<string, KnownThread>({
    maxWeight: MAX_NAMES,
    weigh: ({ bases }) => bases.size + 1,
    // Parts in caches still refer to the thread that they were noted in.
    onEvict: ({ bases }) => bases.clear(),
  })
  /** For each run, the threads that it has read or written, and their generation then. 0: the thread did not exist. */
  readonly #runs = new WeakMap<object, Map<string, number>>()

  /** Whether any part of the thread is known to be stored. */
  has(threadId: string): boolean {
    return this.#threads.peek(threadId) !== undefined
  }

  /** A run has read the thread, or written to it, in this generation. The first time counts. */
  runBegan(run: object | undefined, threadId: string, generation: number): void {
    if (run === undefined) return
    let threads = this.#runs.get(run)
    if (threads === undefined) this.#runs.set(run, (threads = new Map()))
    if (!threads.has(threadId)) threads.set(threadId, generation)
  }

  /**
   * Commits a checkpoint, with those of its parts that are not known to be stored.
   * @param proofOf the checkpoint as a proof, by its place; undefined where it does not lead to all its parts
   */
  async commit(
    to: Destination,
    parts: Parts,
    proofOf: ((seq: number) => CheckpointProof) | undefined,
    send: (delivery: Delivery) => Promise<Answer>,
  ): Promise<Delivered> {
    const { answer, plan } = await this.#deliver(to, parts, send)
    if (proofOf !== undefined && answer.verdict !== 'deleted')
      this.#committed(to.threadId, answer, proofOf(answer.seq), plan, parts)
    return delivered(answer, plan, parts)
  }

  /** The same for what a task wrote. @param writes each with the parts that it leads to */
  async commitWrites(
    to: Destination,
    parts: Parts,
    writes: readonly { readonly proof: WriteProof; readonly parts: Parts }[],
    send: (delivery: Delivery) => Promise<Answer>,
  ): Promise<Delivered> {
    const { answer, plan } = await this.#deliver(to, parts, send)
    if (answer.verdict === 'stored')
      for (const write of writes) this.learn(to.threadId, answer.generation, write.proof, write.parts.values())
    return delivered(answer, plan, parts)
  }

  /**
   * Where the store can't find what the knowledge rests on, all parts are sent. Where they are so many that some go ahead,
   * those may be gone in turn when the record comes; so this goes on until there is another answer.
   */
  async #deliver(
    { threadId, run }: Destination,
    parts: Parts,
    send: (delivery: Delivery) => Promise<Answer>,
  ): Promise<{ readonly answer: Answer<FinalVerdict>; readonly plan: Plan }> {
    let thread = this.#threads.get(threadId)
    for (;;) {
      const plan = this.#plan(thread, threadId, run, parts)
      const answer = await send(plan.delivery)
      if (isFinal(answer)) {
        if (answer.verdict !== 'deleted') this.runBegan(run, threadId, answer.generation)
        return { answer, plan }
      }
      this.forget(threadId)
      thread = undefined
    }
  }

  /** These parts are stored, as a commit that was read leads to them. */
  learn(threadId: string, generation: number, proof: Proof, parts: Iterable<Part>): void {
    const thread = this.#inGeneration(threadId, generation)
    const before = thread.bases.size
    let basis: Basis | undefined
    for (const part of parts) {
      if (basisOf(part, thread) !== undefined) continue
      basis ??= { thread, proof, mergedInto: undefined }
      note(part, basis)
    }
    if (thread.bases.size !== before || !this.has(threadId)) this.#threads.set(threadId, thread)
  }

  /**
   * A node of a run has deleted a thread on which its graph does not run: what the run does to it from now on belongs to a
   * new beginning. Not if that is the thread of the outermost graph, the first that the run has read.
   */
  runBeginsAgain(run: object | undefined, threadId: string): void {
    const threads = run && this.#runs.get(run)
    if (threads === undefined) return
    const [own] = threads.keys()
    if (own !== threadId) threads.delete(threadId)
  }

  /** Nothing is known of the thread any more. @returns the names of the parts that were known to be stored */
  forget(threadId: string): readonly PartName[] {
    const names = [...(this.#threads.peek(threadId)?.bases.keys() ?? [])]
    this.#threads.peek(threadId)?.bases.clear()
    this.#threads.delete(threadId)
    return names
  }

  #plan(thread: KnownThread | undefined, threadId: string, run: object | undefined, parts: Parts): Plan {
    const newParts: Part[] = []
    const bases = new Set<Basis>()
    let last: Basis | undefined
    for (const part of parts.values()) {
      const basis = thread && basisOf(part, thread)
      if (basis === undefined) newParts.push(part)
      else if (basis !== last) bases.add((last = basis))
    }
    const reliedOn = Array.from(bases, (basis) => ({ basis, proof: basis.proof }))
    const runGeneration = (run && this.#runs.get(run)?.get(threadId)) ?? null
    const generation = thread === undefined || bases.size === 0 ? null : thread.generation
    return { delivery: { runGeneration, generation, proofs: reliedOn.map(({ proof }) => proof), newParts }, reliedOn }
  }

  /** All that the commit relied on was found, so it was committed before this one: this one proves it, too. */
  #committed(
    threadId: string,
    { verdict, generation }: Answer<FinalVerdict>,
    proof: CheckpointProof,
    { delivery, reliedOn }: Plan,
    parts: Parts,
  ): void {
    const thread = this.#inGeneration(threadId, generation)
    // A duplicate was committed at some earlier time, whatever was found now, and a replaced one may go back to content
    // that it had before: they prove what their own rows lead to.
    const isNew = verdict === 'stored'
    // What has moved on since this one was sent, to a commit that this one has not looked for, stays apart.
    const isCurrent = ({ basis, proof: sent }: Plan['reliedOn'][number]) =>
      basis.thread === thread && basis.proof === sent && basis.mergedInto === undefined
    const current = isNew ? reliedOn.filter(isCurrent).map(({ basis }) => basis) : []
    const basis = current[0] ?? { thread, proof, mergedInto: undefined }
    basis.proof = proof
    for (const other of current.slice(1)) other.mergedInto = basis
    for (const part of isNew ? delivery.newParts : parts.values()) note(part, basis)
    this.#threads.set(threadId, thread)
  }

  #inGeneration(threadId: string, generation: number): KnownThread {
    const known = this.#threads.get(threadId)
    return known?.generation === generation ? known : { generation, bases: new Map() }
  }
}

/** What a part's being stored in this thread rests on. A look at the part is a tenth of a look for its name. */
function basisOf(part: Part, thread: KnownThread): Basis | undefined {
  const noted = part.basis as Basis | undefined
  const found = noted?.thread === thread ? noted : thread.bases.get(part.name)
  if (found === undefined) return undefined
  const basis = lastOf(found)
  if (basis !== noted) part.basis = basis
  return basis
}

/** What all rests on now. Those on the way point to it from then on, so that the way stays short after many puts. */
function lastOf(first: Basis): Basis {
  let last = first
  while (last.mergedInto !== undefined) last = last.mergedInto
  for (let next: Basis | undefined, basis = first; basis !== last; basis = next ?? last) {
    next = basis.mergedInto
    basis.mergedInto = last
  }
  return last
}

function isFinal(answer: Answer): answer is Answer<FinalVerdict> {
  return answer.verdict !== 'generation'
}

function delivered(answer: Answer<FinalVerdict>, { delivery }: Plan, parts: Parts): Delivered {
  const { newParts } = delivery
  return { ...answer, newParts, omitted: parts.size - newParts.length }
}

function note(part: Part, basis: Basis): void {
  basis.thread.bases.set(part.name, basis)
  part.basis = basis
}
