/** The store in Postgres: one call of a function an operation (sql/), and the memory of what is stored already. */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { Row } from '../pg/driver.ts'
import type { CallMerger } from '../pg/merge.ts'
import type { Purpose, Retrier } from '../pg/retry.ts'
import { inBatches, toBlob, type PartBlob } from './part-blob.ts'
import { queriesFor, type Queries } from './pg-queries.ts'
import { generationOf, historiesOf, partOf, readingsOf } from './pg-rows.ts'
import type { Meter } from '../stats.ts'
import type {
  CheckpointRecord,
  HistoryChannel,
  ListQuery,
  PutResult,
  Reading,
  Store,
  StoredCheckpoint,
  StoredHistory,
  Verdict,
  WritesRecord,
  WritesResult,
} from './store.ts'
import { StoredParts } from './stored-parts.ts'

/** More new parts than this (characters, bytes) are sent ahead of the put, in batches of this. */
const BATCH_CHARS = 16 * 1024 * 1024
/** Calls with more than this gain nothing by company. */
const MERGED_CHARS = 64 * 1024
/** Parts an answer may hold: 64 MB of text at the most (PIECE_LENGTH each). */
const PARTS_PER_ANSWER = 1000
/** Pages of `list`: the first row soon, the rest in few round trips. */
const FIRST_PAGE = 20
const MAX_PAGE = 50

/** Names are asked for to remove parts from a cache, which forgets by itself, too. */
const NAMES_PER_ANSWER = 50_000

/** What came back for a record, and the parts that went along. */
interface Sent {
  readonly row: Row
  readonly newParts: readonly Part[]
}

/** A statement and its parameters. */
type Call = [text: string, params: readonly unknown[]]

export class PgStore implements Store {
  readonly #calls: CallMerger
  readonly #retrier: Retrier
  readonly #meter: Meter
  readonly #queries: Queries
  readonly #tenant: string
  readonly #stored = new StoredParts()

  constructor(calls: CallMerger, retrier: Retrier, meter: Meter, schema: string, tenant: string) {
    this.#calls = calls
    this.#retrier = retrier
    this.#meter = meter
    this.#queries = queriesFor(schema)
    this.#tenant = tenant
  }

  async put(record: CheckpointRecord): Promise<PutResult> {
    const { address } = record
    const { row, newParts } = await this.#send('put', record, ({ names, offsets, blob }, generation) => [
      this.#queries.put,
      [
        this.#tenant,
        address.threadId,
        address.ns,
        address.checkpointId,
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
    ])
    return { verdict: row['verdict'] as Verdict, seq: Number(row['seq']), generation: generationOf(row), newParts }
  }

  async putWrites(record: WritesRecord): Promise<WritesResult> {
    const { row, newParts } = await this.#send('putWrites', record, (blob, generation) =>
      this.#writesCall(record, blob, generation),
    )
    return { verdict: row['verdict'] as 'stored' | 'deleted', generation: generationOf(row), newParts }
  }

  read(address: Address, signal?: AbortSignal, withParts = true): Promise<Reading> {
    return this.#read({ operation: 'getTuple', address, isRead: true, signal }, address, withParts)
  }

  async #read(purpose: Purpose, address: Address, withParts: boolean): Promise<Reading> {
    const isCold = withParts && this.#stored.of(address.threadId) === undefined
    const rows = await this.#query(
      purpose,
      this.#queries.read,
      [this.#tenant, address.threadId, address.ns, address.checkpointId ?? null, isCold ? PARTS_PER_ANSWER : 0],
      isCold ? undefined : address.threadId,
    )
    const { generation, checkpoints, parts } = readingsOf(address.threadId, rows)
    if (generation > 0)
      this.#stored.add(
        address.threadId,
        generation,
        parts.map((part) => part.name),
      )
    return { generation, checkpoint: checkpoints[0], parts }
  }

  know(threadId: string, generation: number, names: Iterable<PartName>): void {
    this.#stored.add(threadId, generation, names)
  }

  async readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    const purpose: Purpose = { operation: 'readParts', address: { threadId }, isRead: true }
    return (await this.#query(purpose, this.#queries.parts, [this.#tenant, threadId, names, PARTS_PER_ANSWER])).map(
      partOf,
    )
  }

  async *list(query: ListQuery, signal?: AbortSignal): AsyncGenerator<readonly StoredCheckpoint[]> {
    const { threadId, ns, checkpointId } = query
    const purpose: Purpose = { operation: 'list', address: { threadId, ns, checkpointId }, isRead: true, signal }
    if (threadId === undefined) {
      yield* this.#listAll(query, purpose)
      return
    }
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let belowSeq: number | null = null
    for (let page = FIRST_PAGE; left > 0; page = MAX_PAGE) {
      const size = Math.min(page, left)
      const rows = await this.#query(purpose, this.#queries.list, [
        this.#tenant,
        threadId,
        query.ns ?? null,
        query.checkpointId ?? null,
        query.before ?? null,
        belowSeq,
        query.filter ?? null,
        size,
      ])
      const { checkpoints } = readingsOf(threadId, rows)
      if (checkpoints.length > 0) yield checkpoints
      belowSeq = checkpoints.at(-1)?.seq ?? null
      left = checkpoints.length < size ? 0 : left - size
    }
  }

  async history(
    address: Address,
    channels: readonly HistoryChannel[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, StoredHistory>> {
    const purpose: Purpose = { operation: 'getDeltaChannelHistory', address, isRead: true, signal }
    const rows = await this.#query(purpose, this.#queries.history, [
      this.#tenant,
      address.threadId,
      address.ns,
      address.checkpointId ?? null,
      channels.map(({ channel }) => channel),
      channels.map(({ manifestKey }) => manifestKey),
    ])
    return historiesOf(rows)
  }

  async partNames(threadId: string): Promise<readonly PartName[]> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId }, isRead: true }
    const rows = await this.#query(purpose, this.#queries.partNames, [this.#tenant, threadId, NAMES_PER_ANSWER])
    return rows.map((row) => row['name'] as PartName)
  }

  async deleteThread(threadId: string): Promise<void> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId } }
    const [row] = await this.#query({ ...purpose, isRead: true }, this.#queries.tombstone, [this.#tenant, threadId])
    if (row !== undefined)
      await this.#query(purpose, this.#queries.deleteThread, [this.#tenant, threadId, row['tombstone']])
  }

  /** Addresses by the page, then each as `read` gives it: for tests and small deployments (see list_all_1). */
  async *#listAll(query: ListQuery, purpose: Purpose): AsyncGenerator<readonly StoredCheckpoint[]> {
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let last: Row | undefined
    while (left > 0) {
      const size = Math.min(MAX_PAGE, left)
      const rows = await this.#query(purpose, this.#queries.listAll, [
        this.#tenant,
        query.ns ?? null,
        query.checkpointId ?? null,
        query.before ?? null,
        last?.['id'] ?? null,
        last?.['thread_id'] ?? null,
        last?.['ns'] ?? null,
        query.filter ?? null,
        size,
      ])
      for (const row of rows) {
        const { checkpoint } = await this.#read(
          purpose,
          { threadId: String(row['thread_id']), ns: String(row['ns']), checkpointId: String(row['id']) },
          false,
        )
        if (checkpoint !== undefined) yield [checkpoint]
      }
      last = rows.at(-1)
      left = rows.length < size ? 0 : left - size
    }
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
      const known = this.#stored.of(threadId)
      const missing = [...record.parts.values()].filter((part) => known?.names.has(part.name) !== true)
      let generation = known === undefined || missing.length === record.parts.size ? null : known.generation
      let row: Row | undefined
      const batches = [...inBatches(missing, BATCH_CHARS)]
      for (const [i, batch] of batches.entries()) {
        const isLast = i === batches.length - 1
        const [text, params] = isLast
          ? call(toBlob(batch), generation)
          : this.#partsCall(record, toBlob(batch), generation)
        const isSmall = batch.reduce((chars, part) => chars + part.size, 0) <= MERGED_CHARS
        ;[row] = await this.#query(purpose, text, params, isSmall ? threadId : undefined)
        this.#meter.add('partsWritten', row?.['verdict'] === 'generation' ? 0 : batch.length)
        if (row?.['verdict'] !== 'stored') break
        generation = generationOf(row)
      }
      if (row === undefined) throw new Error('A function of ours returned no row.')
      if (row['verdict'] === 'generation') {
        this.#stored.forget(threadId)
        continue
      }
      // A repeat stores nothing, and the checkpoint that is there may lack conditional lines and what they name.
      const isLeftOut = row['verdict'] === 'duplicate' && 'conditional' in record && record.conditional.length > 0
      if (row['verdict'] !== 'deleted' && row['verdict'] !== 'fenced' && !isLeftOut) {
        const isKnown = known?.generation === generationOf(row)
        this.#stored.add(threadId, generationOf(row), isKnown ? missing.map((part) => part.name) : record.parts.keys())
      }
      if (row['verdict'] === 'deleted') this.#meter.dropped(operation, record.address)
      else this.#meter.add('partsReused', record.parts.size - missing.length)
      return { row, newParts: missing }
    }
  }

  /** @param mergeAt the thread by whose row the call may go together with others' */
  #query(purpose: Purpose, text: string, params: readonly unknown[], mergeAt?: string): Promise<readonly Row[]> {
    return this.#retrier.run(purpose, (attempt) => this.#calls.call({ text, params, threadId: mergeAt, attempt }))
  }

  /** Parts alone, ahead of the record that names them: until it comes they are unreferenced, which harms nobody. */
  #partsCall(record: CheckpointRecord | WritesRecord, blob: PartBlob, generation: number | null): Call {
    const { address, lineage } = record
    if (!('parentId' in record)) return this.#writesCall({ address, lineage, taskId: '', writes: [] }, blob, generation)
    // Late or not by put_1's rule: a root belongs to the life that it finds, another checkpoint to its parent's.
    const parent = { ...address, checkpointId: record.parentId ?? address.checkpointId }
    const life = lineage ?? (record.parentId === undefined ? Number.MAX_SAFE_INTEGER : undefined)
    return this.#writesCall({ address: parent, lineage: life, taskId: '', writes: [] }, blob, generation)
  }

  #writesCall(
    record: Omit<WritesRecord, 'parts'>,
    { names, offsets, blob }: PartBlob,
    generation: number | null,
  ): Call {
    const { address, taskId, writes, lineage } = record
    return [
      this.#queries.putWrites,
      [
        this.#tenant,
        address.threadId,
        address.ns,
        address.checkpointId,
        taskId,
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
