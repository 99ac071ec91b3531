/**
 * Two processes write to one thread of a server that loses its last commits at any moment. Calls are under way together,
 * are repeated after lost answers, and parts go ahead of their record. No row may ever lead to a part that is not there.
 */
import fc from 'fast-check'
import { Part, type PartName } from '../../../src/codec/part.ts'
import { KnownThreads } from '../../../src/store/known-threads.ts'
import type { CheckpointProof, WriteProof } from '../../../src/store/proof.ts'
import type { Answer, Delivery } from '../../../src/store/store.ts'
import { asInSql, ForgetfulServer, type IsFound, type Row } from '../../support/forgetful-server.ts'

const THREAD = 'thread'
const PARTS = 8

interface Op {
  readonly kind: 'put' | 'putWrites' | 'read' | 'arrive' | 'answer' | 'lose' | 'deleteThread' | 'prune'
  readonly process: number
  /** Which of the parts, as bits. */
  readonly parts: number
  /** Which checkpoint, call, or how many commits: as far as there are so many. */
  readonly which: number
  /** Another content with the same parts; a root with lines that are kept if they are held; parts that go ahead. */
  readonly flags: number
}

const WEIGHTS: Readonly<Record<Op['kind'], number>> = {
  put: 8,
  putWrites: 4,
  read: 4,
  arrive: 10,
  answer: 10,
  lose: 3,
  deleteThread: 1,
  prune: 1,
}

const anyOp = fc.record<Op>({
  kind: fc.oneof(
    ...Object.entries(WEIGHTS).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Op['kind']), weight })),
  ),
  process: fc.nat(1),
  parts: fc.nat(2 ** PARTS - 1),
  which: fc.nat(5),
  flags: fc.nat(7),
})

/** A call that waits for the server to carry it out, perhaps several times, and for the answer to come back. */
interface Call {
  readonly arrive: () => void
  readonly answer: () => void
  hasArrived: boolean
}

class Process {
  readonly name: string
  readonly #known = new KnownThreads()
  readonly #server: ForgetfulServer
  readonly #parts: readonly Part[]
  readonly calls: Call[] = []
  /** Puts of one thread from one process are made one after the other. */
  #isPutting = false
  readonly failures: unknown[] = []

  constructor(name: string, server: ForgetfulServer) {
    this.name = name
    this.#server = server
    this.#parts = Array.from({ length: PARTS }, (_, i) => Part.of('v', String(i)))
  }

  put({ parts: bits, which, flags }: Op): void {
    if (this.#isPutting) return
    this.#isPutting = true
    const parts = this.#some(bits)
    const [isOther, isConditional, goesAhead] = [isSet(flags, 0), isSet(flags, 1), isSet(flags, 2)]
    const names = [...parts.keys()]
    const kept = isConditional ? names.slice(1) : names
    const conditional = isConditional ? names.slice(0, 1) : []
    const checkpointId = `${this.name}${which % 3}`
    const digest = `${checkpointId} ${names.join()} ${isOther} ${isConditional}`
    const proofOf = (seq: number): CheckpointProof => ({ kind: 'checkpoint', ns: '', seq, digest })
    this.#watch(
      this.#known
        .commit({ threadId: THREAD, run: undefined }, parts, isConditional ? undefined : proofOf, (delivery) =>
          this.#send(delivery, goesAhead, (sent) =>
            this.#server.put(checkpointId, { digest, names: kept }, conditional, sent),
          ),
        )
        .finally(() => (this.#isPutting = false)),
    )
  }

  putWrites({ parts: bits, which, flags }: Op): void {
    const all = [...this.#some(bits)]
    const [isSpecial, isLong, goesAhead] = [isSet(flags, 0), isSet(flags, 1), isSet(flags, 2)]
    const cut = isLong ? Math.ceil(all.length / 2) : all.length
    const checkpointId = `${'ab'[which % 2]}${which % 3}`
    const writes = [all.slice(0, cut), all.slice(cut)].map((parts, i) => {
      const idx = isSpecial ? -1 - i : i
      const digest = parts.map(([name]) => name).join()
      const proof: WriteProof = { kind: 'write', ns: '', checkpointId, taskId: 'task', idx, digest }
      return { proof, parts: new Map(parts) }
    })
    const rows = new Map<string, Row>(
      writes.map(({ proof, parts }) => [
        `${checkpointId}/task/${proof.idx}`,
        { digest: proof.digest, names: [...parts.keys()] },
      ]),
    )
    this.#watch(
      this.#known.commitWrites({ threadId: THREAD, run: undefined }, new Map(all), writes, (delivery) =>
        this.#send(delivery, goesAhead, (sent) => this.#server.putWrites(rows, sent)),
      ),
    )
  }

  /** The head and its writes, as of one moment; what they say is learned when the answer comes. */
  read(): void {
    const { state } = this.#server
    const head = [...state.checkpoints].find(([, { seq }]) => seq === state.seq)
    if (head === undefined) return
    const [checkpointId, { seq, digest, names }] = head
    const writes = [...state.writes].filter(([key]) => key.startsWith(`${checkpointId}/`))
    const answer = () => {
      for (const [key, write] of writes) {
        const idx = Number(key.split('/')[2])
        const proof: WriteProof = { kind: 'write', ns: '', checkpointId, taskId: 'task', idx, digest: write.digest }
        this.#known.learn(THREAD, state.generation, proof, this.#named(write.names))
      }
      const proof: CheckpointProof = { kind: 'checkpoint', ns: '', seq, digest }
      this.#known.learn(THREAD, state.generation, proof, this.#named(names))
    }
    this.calls.push({ arrive: () => {}, answer, hasArrived: true })
  }

  forget(): void {
    this.#known.forget(THREAD)
  }

  #send(delivery: Delivery, goesAhead: boolean, carryOut: (delivery: Delivery) => Answer): Promise<Answer> {
    let resolve!: (answer: Answer) => void
    const promise = new Promise<Answer>((done) => (resolve = done))
    const ahead = goesAhead ? delivery.newParts.slice(0, 1) : []
    let answer: Answer | undefined
    let sent = delivery
    const call: Call = {
      hasArrived: false,
      arrive: () => {
        if (ahead.length > 0 && sent === delivery) {
          const first = this.#server.putParts({ ...delivery, newParts: ahead })
          if (first.verdict === 'generation') answer = first
          else {
            const names = ahead.map(({ name }) => name)
            const proofs = [...delivery.proofs, { kind: 'parts', names } as const]
            sent = { ...delivery, generation: first.generation, proofs, newParts: delivery.newParts.slice(1) }
          }
          call.hasArrived = answer !== undefined
          return
        }
        answer = carryOut(sent)
        call.hasArrived = true
      },
      answer: () => answer && resolve(answer),
    }
    this.calls.push(call)
    return promise
  }

  #watch(delivered: Promise<Answer>): void {
    const finished = async () => {
      const { verdict } = await delivered
      if ((verdict as string) === 'generation') this.failures.push('a record that is not stored was acknowledged')
    }
    finished().catch((error: unknown) => this.failures.push(error))
  }

  #some(bits: number): Map<PartName, Part> {
    return new Map(this.#parts.filter((_, i) => isSet(bits, i)).map((part) => [part.name, part]))
  }

  #named(names: readonly string[]): Part[] {
    return this.#parts.filter(({ name }) => names.includes(name))
  }
}

function isSet(bits: number, i: number): boolean {
  return (bits & (1 << i)) !== 0
}

/** @returns what went wrong, if anything did */
async function play(ops: readonly Op[], isFound: IsFound): Promise<unknown> {
  const server = new ForgetfulServer(isFound)
  const processes = [new Process('a', server), new Process('b', server)] as const
  for (const op of ops) {
    const process = processes[op.process === 0 ? 0 : 1]
    const { calls } = process
    const at = op.which % Math.max(1, calls.length)
    if (op.kind === 'put') process.put(op)
    else if (op.kind === 'putWrites') process.putWrites(op)
    else if (op.kind === 'read') process.read()
    else if (op.kind === 'arrive') calls[at]?.arrive()
    else if (op.kind === 'answer' && calls[at]?.hasArrived === true) calls.splice(at, 1)[0]?.answer()
    else if (op.kind === 'lose') server.lose(op.which + 1, op.flags)
    else if (op.kind === 'prune') server.prune()
    else if (op.kind === 'deleteThread') {
      server.deleteThread()
      process.forget()
    }
    for (let i = 0; i < 6; i++) await Promise.resolve() // until what waited for the answer has gone on
    const missing = server.missing()
    if (missing.length > 0) return `missing: ${missing.join()}`
    const [failure] = processes.flatMap(({ failures }) => failures)
    if (failure !== undefined) return failure
  }
  return undefined
}

function check(isFound: IsFound, numRuns: number) {
  const ops = fc.array(anyOp, { minLength: 1, maxLength: 80, size: 'max' })
  const property = fc.asyncProperty(ops, async (some) => {
    expect(await play(some, isFound)).toBeUndefined()
  })
  return fc.check(property, { numRuns })
}

const SEQUENCES = Number(process.env['FAULT_SEQUENCES'] ?? 2000)

test(`whatever a server loses, what is left out is there: ${SEQUENCES} sequences of up to 80 steps`, async () => {
  const { counterexample, failed } = await check(asInSql, SEQUENCES)
  expect({ failed, counterexample }).toEqual({ failed: false, counterexample: null })
})

const NO_OP = { process: 0, parts: 0, which: 0, flags: 0 }
const op = (kind: Op['kind'], some: Partial<Op> = {}): Op => ({ kind, ...NO_OP, ...some })
const stored = (some: Partial<Op>): Op[] => [op('put', some), op('arrive'), op('answer')]

describe('no part is missing', () => {
  test('where a checkpoint has gone back to the content that it had first, and then the server to that time', async () => {
    const ops = [
      ...stored({ parts: 0b01 }),
      ...stored({ parts: 0b11 }),
      ...stored({ parts: 0b01 }),
      op('lose', { which: 1 }),
      ...stored({ parts: 0b10, which: 1 }),
    ]
    expect(await play(ops, asInSql)).toBeUndefined()
  })

  test('where parts that went ahead are pruned, and pruned again when they are sent once more', async () => {
    const goesAhead = { flags: 0b100, parts: 0b11 }
    const ops = [op('put', goesAhead), op('arrive'), op('prune'), op('arrive'), op('answer')]
    expect(await play([...ops, op('arrive'), op('prune'), op('arrive'), op('answer')], asInSql)).toBeUndefined()
  })
})

describe('the test notices', () => {
  test('a server that takes all proofs for found', async () => {
    const { counterexample } = await check(() => true, SEQUENCES)
    expect(await play(counterexample?.[0] ?? [], () => true)).toMatch('missing: ')
  })

  test('a server that finds a checkpoint by its id alone, where it has lost its later content', async () => {
    const ops = [
      ...stored({ parts: 0b01 }),
      ...stored({ parts: 0b10 }),
      op('lose', { which: 0 }),
      ...stored({ parts: 0b10, which: 1 }),
    ]
    expect(await play(ops, asInSql)).toBeUndefined()
    expect(await play(ops, (_, row) => row !== undefined)).toMatch('missing: ')
  })
})
