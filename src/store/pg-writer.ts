/** The writing half of the store in Postgres: a record goes with those of its parts that are not known to be stored. */
import type { Part } from '../codec/part.ts'
import type { Row } from '../pg/driver.ts'
import type { Purpose } from '../pg/retry.ts'
import type { Meter } from '../stats.ts'
import { inBatches, toBlob, type PartBlob } from './part-blob.ts'
import type { Queries } from './pg-queries.ts'
import { verdictOf, type VerdictRow } from './pg-rows.ts'
import type { CheckpointRecord, PutResult, Verdict, WritesRecord, WritesResult } from './store.ts'
import type { StoredParts } from './stored-parts.ts'

/** More new parts than this (characters, bytes) are sent ahead of the put, in batches of this. */
const BATCH_CHARS = 16 * 1024 * 1024
/** Calls with more than this gain nothing by company. */
const MERGED_CHARS = 64 * 1024

/**
 * Runs a statement, again where that may help.
 * @param mergeAt the thread by whose row the call may go together with others'
 */
export type Ask = (
  purpose: Purpose,
  text: string,
  params: readonly unknown[],
  mergeAt?: string,
) => Promise<readonly Row[]>

/** What came back for a record, and the parts that went along. */
interface Sent extends VerdictRow {
  readonly verdict: Verdict
  readonly newParts: readonly Part[]
}

/** A statement and its parameters. */
type Call = [text: string, params: readonly unknown[]]

export class PgWriter {
  readonly #ask: Ask
  readonly #queries: Queries
  readonly #tenant: string
  readonly #stored: StoredParts
  readonly #meter: Meter

  constructor(ask: Ask, queries: Queries, tenant: string, stored: StoredParts, meter: Meter) {
    this.#ask = ask
    this.#queries = queries
    this.#tenant = tenant
    this.#stored = stored
    this.#meter = meter
  }

  put(record: CheckpointRecord): Promise<PutResult> {
    return this.#send('put', record, (blob, generation) => this.#putCall(record, blob, generation))
  }

  async putWrites(record: WritesRecord): Promise<WritesResult> {
    const sent = await this.#send('putWrites', record, (blob, generation) => this.#writesCall(record, blob, generation))
    return { ...sent, verdict: sent.verdict as 'stored' | 'deleted' }
  }

  /**
   * Sends a record with those of its parts that are not known to be stored. Where the thread's generation has moved
   * since, parts may have been removed: nothing was written, and all are sent.
   */
  async #send(
    operation: 'put' | 'putWrites',
    record: CheckpointRecord | WritesRecord,
    call: (blob: PartBlob, generation: number | null) => Call,
  ): Promise<Sent> {
    const { threadId } = record.address
    const purpose: Purpose = { operation, address: record.address }
    for (;;) {
      const known = this.#stored.generationOf(threadId)
      const missing = this.#stored.missing(threadId, record.parts.values())
      let generation = known === undefined || missing.length === record.parts.size ? null : known
      let said: VerdictRow | undefined
      const batches = [...inBatches(missing, BATCH_CHARS)]
      for (const [i, batch] of batches.entries()) {
        const isLast = i === batches.length - 1
        const [text, params] = isLast
          ? call(toBlob(batch), generation)
          : this.#partsCall(record, toBlob(batch), generation)
        const isSmall = batch.reduce((chars, part) => chars + part.size, 0) <= MERGED_CHARS
        const [row] = await this.#ask(purpose, text, params, isSmall ? threadId : undefined)
        said = verdictOf(row?.['answer'])
        this.#meter.add('partsWritten', said.verdict === 'generation' ? 0 : batch.length)
        if (said.verdict !== 'stored') break
        ;({ generation } = said)
      }
      if (said === undefined) throw new Error('A function of ours gave no answer.')
      const { verdict, seq } = said
      if (verdict === 'generation') {
        this.#stored.forget(threadId)
        continue
      }
      // A repeat stores nothing, and the checkpoint that is there may lack conditional lines and what they name.
      const isLeftOut = verdict === 'duplicate' && 'conditional' in record && record.conditional.length > 0
      if (verdict !== 'deleted' && verdict !== 'fenced' && !isLeftOut) {
        this.#stored.add(threadId, said.generation, known === said.generation ? missing : record.parts.values())
      }
      if (verdict === 'deleted') this.#meter.dropped(operation, record.address)
      else this.#meter.add('partsReused', record.parts.size - missing.length)
      return { verdict, seq, generation: said.generation, newParts: missing }
    }
  }

  #putCall(record: CheckpointRecord, { names, offsets, blob }: PartBlob, generation: number | null): Call {
    const { threadId, ns, checkpointId } = record.address
    return [
      this.#queries.put,
      [
        this.#tenant,
        threadId,
        ns,
        checkpointId,
        record.parentId ?? null,
        record.runId ?? null,
        record.header,
        record.manifest,
        record.conditional,
        record.metadata,
        record.digest,
        generation,
        record.lineage ?? null,
        record.fence ?? null,
        names,
        offsets,
        blob,
      ],
    ]
  }

  /** Parts alone, ahead of the record that names them: until it comes they are unreferenced, which harms nobody. */
  #partsCall(record: CheckpointRecord | WritesRecord, blob: PartBlob, generation: number | null): Call {
    const { address, lineage } = record
    if (!('parentId' in record))
      return this.#writesCall({ address, lineage, taskId: '', taskPath: '', writes: [] }, blob, generation)
    // Late or not by put_1's rule: a root belongs to the life that it finds, another checkpoint to its parent's.
    const parent = { ...address, checkpointId: record.parentId ?? address.checkpointId }
    const life = lineage ?? (record.parentId === undefined ? Number.MAX_SAFE_INTEGER : undefined)
    return this.#writesCall({ address: parent, lineage: life, taskId: '', taskPath: '', writes: [] }, blob, generation)
  }

  #writesCall(
    record: Omit<WritesRecord, 'parts'>,
    { names, offsets, blob }: PartBlob,
    generation: number | null,
  ): Call {
    const { address, taskId, taskPath, writes, lineage } = record
    return [
      this.#queries.putWrites,
      [
        this.#tenant,
        address.threadId,
        address.ns,
        address.checkpointId,
        taskId,
        taskPath,
        writes.map(({ idx }) => idx),
        writes.map(({ channel }) => channel),
        writes.map(({ value }) => value),
        generation,
        lineage ?? null,
        names,
        offsets,
        blob,
      ],
    ]
  }
}
