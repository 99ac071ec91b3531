/** The store in Postgres: one call of a function an operation (sql/), and the memory of what is stored already. */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { Row } from '../pg/driver.ts'
import type { CallMerger } from '../pg/merge.ts'
import type { Purpose, Retrier } from '../pg/retry.ts'
import { queriesFor, type Queries } from './pg-queries.ts'
import { headOf, historyOf, partOf, readingOf } from './pg-rows.ts'
import { PgWriter, type Ask } from './pg-writer.ts'
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
  WritesRecord,
  WritesResult,
} from './store.ts'
import { StoredParts } from './stored-parts.ts'

/** Parts an answer may hold: 64 MB of text at the most (PIECE_LENGTH each). */
const PARTS_PER_ANSWER = 1000
/** Pages of `list`: the first row soon, the rest in few round trips. */
const FIRST_PAGE = 20
const MAX_PAGE = 50

/** Names are asked for to remove parts from a cache, which forgets by itself, too. */
const NAMES_PER_ANSWER = 50_000

export class PgStore implements Store {
  readonly #ask: Ask
  readonly #queries: Queries
  readonly #tenant: string
  readonly #stored = new StoredParts()
  readonly #writer: PgWriter

  constructor(calls: CallMerger, retrier: Retrier, meter: Meter, schema: string, tenant: string) {
    this.#ask = (purpose, text, params, threadId) =>
      retrier.run(purpose, (attempt) => calls.call({ text, params, threadId, attempt }))
    this.#queries = queriesFor(schema)
    this.#tenant = tenant
    this.#writer = new PgWriter(this.#ask, this.#queries, tenant, this.#stored, meter)
  }

  put(record: CheckpointRecord): Promise<PutResult> {
    return this.#writer.put(record)
  }

  putWrites(record: WritesRecord): Promise<WritesResult> {
    return this.#writer.putWrites(record)
  }

  read(address: Address, signal?: AbortSignal, withParts = true): Promise<Reading> {
    return this.#read({ operation: 'getTuple', address, isRead: true, signal }, address, withParts)
  }

  async #read(purpose: Purpose, address: Address, withParts: boolean): Promise<Reading> {
    const { threadId } = address
    const params = [this.#tenant, threadId, address.ns, address.checkpointId ?? null]
    let head: Row | undefined
    let parts: readonly Part[] = []
    if (withParts && this.#stored.generationOf(threadId) === undefined) {
      const [first, ...rest] = await this.#ask(purpose, this.#queries.read, [...params, PARTS_PER_ANSWER])
      head = { answer: first?.['body'] }
      parts = rest.map(partOf)
    } else {
      ;[head] = await this.#ask(purpose, this.#queries.head, params, threadId)
    }
    const { generation, checkpoint } = headOf(threadId, head?.['answer'])
    if (generation > 0) this.#stored.add(threadId, generation, parts)
    return { generation, checkpoint, parts }
  }

  know(threadId: string, generation: number, parts: Iterable<Part>): void {
    this.#stored.add(threadId, generation, parts)
  }

  async readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    const purpose: Purpose = { operation: 'readParts', address: { threadId }, isRead: true }
    return (await this.#ask(purpose, this.#queries.parts, [this.#tenant, threadId, names, PARTS_PER_ANSWER])).map(
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
      const rows = await this.#ask(purpose, this.#queries.list, [
        this.#tenant,
        threadId,
        query.ns ?? null,
        query.checkpointId ?? null,
        query.before ?? null,
        belowSeq,
        query.filter ?? null,
        size,
      ])
      const checkpoints = rows.map((row) => readingOf(threadId, row['answer']))
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
    const rows = await this.#ask(purpose, this.#queries.history, [
      this.#tenant,
      address.threadId,
      address.ns,
      address.checkpointId ?? null,
      channels.map(({ channel }) => channel),
      channels.map(({ manifestKey }) => manifestKey),
    ])
    return new Map(rows.map((row) => historyOf(row['answer'])))
  }

  async partNames(threadId: string): Promise<readonly PartName[]> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId }, isRead: true }
    const rows = await this.#ask(purpose, this.#queries.partNames, [this.#tenant, threadId, NAMES_PER_ANSWER])
    return rows.map((row) => row['name'] as PartName)
  }

  async deleteThread(threadId: string): Promise<void> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId } }
    const [row] = await this.#ask({ ...purpose, isRead: true }, this.#queries.tombstone, [this.#tenant, threadId])
    if (row !== undefined)
      await this.#ask(purpose, this.#queries.deleteThread, [this.#tenant, threadId, row['tombstone']])
  }

  /** Addresses by the page, then each as `read` gives it: for tests and small deployments (see list_all_1). */
  async *#listAll(query: ListQuery, purpose: Purpose): AsyncGenerator<readonly StoredCheckpoint[]> {
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let last: Row | undefined
    while (left > 0) {
      const size = Math.min(MAX_PAGE, left)
      const rows = await this.#ask(purpose, this.#queries.listAll, [
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
}
