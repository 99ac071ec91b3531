/** The writing half of the store in Postgres: a record goes with its new parts, in one call if they are not too many. */
import type { Part, PartName } from '../codec/part.ts'
import type { Meter } from '../observe/meter.ts'
import type { CallRunner } from '../pg/call-runner.ts'
import * as calls from '../pg/calls/checkpoints.ts'
import type { ValueOf } from '../pg/parameter-types.ts'
import { inBatches, toBlob } from '../pg/part-blob.ts'
import type { Purpose } from '../pg/retry.ts'
import type { CheckpointProof, Proof, WriteProof } from './proof.ts'
import type { Answer, CallOptions, CheckpointRecord, Delivery, Verdict, WritesRecord, WritesVerdict } from './store.ts'

/** More new parts than this (characters, bytes) are sent ahead of the record, in batches of this. */
const BATCH_CHARS = 16 * 1024 * 1024
/** Calls with more than this gain nothing by going together with others. */
const MERGED_CHARS = 64 * 1024

/** The last call for a record: its parts, and what says that all others are stored. */
interface LastCall {
  readonly parts: readonly Part[]
  readonly generation: number | null
  readonly proofs: readonly Proof[]
  /** The thread by whose row the call may go together with others; undefined: it is too large. */
  readonly mergeAt: string | undefined
}

export class PgWriter {
  readonly #run: CallRunner
  readonly #meter: Meter
  readonly #tenant: string

  constructor(run: CallRunner, meter: Meter, tenant: string) {
    this.#run = run
    this.#meter = meter
    this.#tenant = tenant
  }

  commit(record: CheckpointRecord, delivery: Delivery, options: CallOptions): Promise<Answer> {
    const purpose: Purpose = { operation: 'put', address: record.address, budget: options.budget }
    return this.#deliver<Verdict>(purpose, record.address.threadId, delivery, (last) =>
      this.#run.value(
        purpose,
        calls.put,
        {
          tenant: this.#tenant,
          thread: record.address.threadId,
          ns: record.address.ns,
          checkpoint: record.address.checkpointId,
          parent: record.parentId ?? null,
          run: record.runId ?? null,
          header: record.header,
          manifest: record.manifest,
          conditional: record.conditional,
          metadata: record.metadata,
          digest: record.digest,
          generations: generationsOf(delivery.runGeneration, last.generation),
          proofs: proofsOf(last.proofs),
          parts: toBlob(last.parts),
        },
        last.mergeAt,
      ),
    )
  }

  commitWrites(
    { address, writes }: WritesRecord,
    delivery: Delivery,
    options: CallOptions,
  ): Promise<Answer<WritesVerdict>> {
    const purpose: Purpose = { operation: 'putWrites', address, budget: options.budget }
    const [first] = writes
    return this.#deliver<WritesVerdict>(purpose, address.threadId, delivery, (last) =>
      this.#run.value(
        purpose,
        calls.putWrites,
        {
          tenant: this.#tenant,
          thread: address.threadId,
          ns: address.ns,
          checkpoint: address.checkpointId,
          task: first?.taskId ?? '',
          path: first?.taskPath ?? '',
          idx: writes.map(({ idx }) => idx),
          channels: writes.map(({ channel }) => channel),
          values: writes.map(({ value }) => value),
          digests: writes.map(({ digest }) => digest),
          generations: generationsOf(delivery.runGeneration, last.generation),
          proofs: proofsOf(last.proofs),
          parts: toBlob(last.parts),
        },
        last.mergeAt,
      ),
    )
  }

  /** All batches of parts but the last go ahead; the last goes with the record, which looks for those before it. */
  async #deliver<V extends Verdict>(
    purpose: Purpose,
    threadId: string,
    delivery: Delivery,
    send: (last: LastCall) => Promise<calls.VerdictTuple>,
  ): Promise<Answer<V>> {
    const batches = [...inBatches(delivery.newParts, BATCH_CHARS)]
    let { generation } = delivery
    const ahead: PartName[] = []
    for (const batch of batches.slice(0, -1)) {
      const answer = await this.#run.value(purpose, calls.putParts, {
        tenant: this.#tenant,
        thread: threadId,
        generations: generationsOf(delivery.runGeneration, generation),
        parts: toBlob(batch),
      })
      if (answer[0] !== 'stored') return answerOf(answer)
      generation = answer[2]
      this.#meter.add('partsWritten', batch.length)
      for (const part of batch) ahead.push(part.name)
    }
    const parts = batches.at(-1) ?? []
    const isSmall = parts.reduce((chars, part) => chars + part.size, 0) <= MERGED_CHARS
    const proofs = ahead.length === 0 ? delivery.proofs : [...delivery.proofs, { kind: 'parts', names: ahead } as const]
    const answer = await send({ parts, generation, proofs, mergeAt: isSmall ? threadId : undefined })
    if (answer[0] !== 'generation') this.#meter.add('partsWritten', parts.length)
    return answerOf(answer)
  }
}

/** The verdicts of a function are those of the method that calls it. */
function answerOf<V extends Verdict>([verdict, seq, generation]: calls.VerdictTuple): Answer<V> {
  return { verdict: verdict as V, seq, generation }
}

/**
 * Where the run began in the generation that is relied on, one of the two says it: if the thread was deleted since, the
 * verdict is `generation`, and the record that is then sent whole has the run's.
 */
function generationsOf(runGeneration: number | null, generation: number | null): ValueOf<'Generations'> {
  return { run_generation: runGeneration === generation ? null : runGeneration, generation }
}

/** The first of each kind are looked for in the statement that takes the row lock; there are seldom more. */
function proofsOf(proofs: readonly Proof[]): ValueOf<'Proofs'> {
  const checkpoints = proofs.filter((proof) => proof.kind === 'checkpoint').map(checkpointKey)
  const writes = proofs.filter((proof) => proof.kind === 'write').map(writeKey)
  const parts = proofs.flatMap((proof) => (proof.kind === 'parts' ? proof.names : []))
  const isMore = checkpoints.length > 1 || writes.length > 1 || parts.length > 0
  return {
    proof: checkpoints[0] ?? null,
    write_proof: writes[0] ?? null,
    more_proofs: isMore ? JSON.stringify({ checkpoints: checkpoints.slice(1), writes: writes.slice(1), parts }) : null,
  }
}

function checkpointKey({ ns, seq, digest }: CheckpointProof): readonly string[] {
  return [ns, String(seq), digest]
}

function writeKey({ ns, checkpointId, taskId, idx, digest }: WriteProof): readonly string[] {
  return [ns, checkpointId, taskId, String(idx), digest]
}
