/** One thread of a server that may lose its last commits at any moment: what sql/functions do, over sets of part names. */
import type { Proof } from '../../src/store/proof.ts'
import type { Answer, Delivery } from '../../src/store/store.ts'

export interface Row {
  readonly digest: string
  /** The parts that it leads to. */
  readonly names: readonly string[]
}

interface CheckpointRow extends Row {
  readonly seq: number
}

/** What is there after a commit. Never changed: each commit makes another. */
interface State {
  /** 0: the thread does not exist. */
  readonly generation: number
  readonly seq: number
  readonly checkpoints: ReadonlyMap<string, CheckpointRow>
  /** By checkpoint, task and idx: `checkpoint/task/idx`. */
  readonly writes: ReadonlyMap<string, Row>
  readonly parts: ReadonlySet<string>
}

const NOTHING: State = { generation: 0, seq: 0, checkpoints: new Map(), writes: new Map(), parts: new Set() }

/** Whether a proof is found where the row is this one. */
export type IsFound = (proof: Exclude<Proof, { kind: 'parts' }>, row: CheckpointRow | Row | undefined) => boolean

export const asInSql: IsFound = (proof, row) =>
  row?.digest === proof.digest && (proof.kind === 'write' || ('seq' in row && row.seq === proof.seq))

export class ForgetfulServer {
  #states: State[] = [NOTHING]
  /** Of the machine that is the server now. */
  #clock = 1000
  readonly #isFound: IsFound

  constructor(isFound: IsFound = asInSql) {
    this.#isFound = isFound
  }

  get state(): State {
    return this.#states.at(-1) ?? NOTHING
  }

  /** The last commits are gone, and the clock of the server that takes over may be behind. */
  lose(commits: number, behind: number): void {
    this.#states.length = Math.max(1, this.#states.length - commits)
    this.#clock -= behind
  }

  /** @param conditional parts that the row leads to only where another row does already */
  put(id: string, row: Row, conditional: readonly string[], delivery: Delivery): Answer {
    const { state } = this
    const present = state.checkpoints.get(id)
    if (this.#refuses(delivery)) {
      const verdict = present?.digest === row.digest ? 'duplicate' : 'generation'
      return { verdict, seq: present?.seq ?? 0, generation: state.generation }
    }
    const generation = this.#generation()
    if (present?.digest === row.digest) return { verdict: 'duplicate', seq: present.seq, generation }
    const isHeld = (name: string) => [...state.checkpoints.values()].some((other) => other.names.includes(name))
    const seq = present?.seq ?? state.seq + 1
    const names = [...row.names, ...conditional.filter(isHeld)]
    this.#commit({
      generation,
      seq: Math.max(seq, state.seq),
      checkpoints: new Map(state.checkpoints).set(id, { digest: row.digest, names, seq }),
      parts: this.#with(delivery),
    })
    return { verdict: present === undefined ? 'stored' : 'replaced', seq, generation }
  }

  putWrites(rows: ReadonlyMap<string, Row>, delivery: Delivery): Answer {
    const { state } = this
    if (this.#refuses(delivery)) return { verdict: 'generation', seq: 0, generation: state.generation }
    const writes = new Map(state.writes)
    for (const [key, row] of rows) if (key.includes('/-') || !writes.has(key)) writes.set(key, row)
    const generation = this.#generation()
    this.#commit({ generation, writes, parts: this.#with(delivery) })
    return { verdict: 'stored', seq: 0, generation }
  }

  /** Some of the parts, before the record that names them. */
  putParts(delivery: Delivery): Answer {
    const generation = this.#generation()
    if (delivery.generation !== null && delivery.generation !== this.state.generation)
      return { verdict: 'generation', seq: 0, generation }
    this.#commit({ generation, parts: this.#with(delivery) })
    return { verdict: 'stored', seq: 0, generation }
  }

  deleteThread(): void {
    this.#commit({ ...NOTHING, generation: this.#nextGeneration() })
  }

  /** Keeps the last checkpoint, and what rows lead to. */
  prune(): void {
    const { state } = this
    const last = [...state.checkpoints].filter(([, { seq }]) => seq === state.seq)
    const kept = [...last.map(([, row]) => row), ...state.writes.values()]
    const parts = new Set(kept.flatMap(({ names }) => names))
    this.#commit({ generation: this.#nextGeneration(), checkpoints: new Map(last), parts })
  }

  /** Parts that rows lead to and that are not there. */
  missing(): readonly string[] {
    const { checkpoints, writes, parts } = this.state
    const named = [...checkpoints.values(), ...writes.values()].flatMap(({ names }) => names)
    return named.filter((name) => !parts.has(name))
  }

  #atSeq(seq: number): ReturnType<ForgetfulServer['state']['checkpoints']['get']> {
    return [...this.state.checkpoints.values()].find((row) => row.seq === seq)
  }

  #refuses({ generation, proofs }: Delivery): boolean {
    if (generation !== null && generation !== this.state.generation) return true
    return !proofs.every((proof) => {
      if (proof.kind === 'parts') return proof.names.every((name) => this.state.parts.has(name))
      if (proof.kind === 'checkpoint') return this.#isFound(proof, this.#atSeq(proof.seq))
      return this.#isFound(proof, this.state.writes.get(`${proof.checkpointId}/${proof.taskId}/${proof.idx}`))
    })
  }

  #with({ newParts }: Delivery): ReadonlySet<string> {
    return new Set([...this.state.parts, ...newParts.map(({ name }) => name)])
  }

  #commit(change: Partial<State>): void {
    this.#states.push({ ...this.state, ...change })
  }

  #generation(): number {
    return this.state.generation === 0 ? ++this.#clock : this.state.generation
  }

  #nextGeneration(): number {
    return Math.max(this.state.generation + 1, ++this.#clock)
  }
}
