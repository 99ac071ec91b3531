/** The store in Postgres: one call of a function an operation (sql/functions). */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { HistoryChannel, StoredCheckpoint, StoredHistory } from '../codec/record.ts'
import type { Meter } from '../observe/meter.ts'
import type { CallRunner } from '../pg/call-runner.ts'
import * as calls from '../pg/calls/checkpoints.ts'
import * as threads from '../pg/calls/threads.ts'
import type { Purpose } from '../pg/retry.ts'
import { ListFilter } from './list-filter.ts'
import type { ListQuery } from './list-query.ts'
import { checkpointOf, historyOf, partOf, readingOf } from './pg-answers.ts'
import { PgWriter } from './pg-writer.ts'
import type {
  Answer,
  CallOptions,
  CheckpointRecord,
  Delivery,
  Reading,
  ReadOptions,
  Store,
  WritesRecord,
  WritesVerdict,
} from './store.ts'

/** Parts an answer may hold: 64 MB of text at the most (PIECE_LENGTH each). */
const PARTS_PER_ANSWER = 1000
/** Pages of `list`: the first row soon, the rest in few round trips. */
const FIRST_PAGE = 20
const MAX_PAGE = 50
/** Over all threads a page is larger, as the time of one hardly depends on its size. */
const PAGE_OF_ALL = 200

export class PgStore implements Store {
  readonly #run: CallRunner
  readonly #tenant: string
  readonly #writer: PgWriter

  constructor(run: CallRunner, meter: Meter, tenant: string) {
    this.#run = run
    this.#tenant = tenant
    this.#writer = new PgWriter(run, meter, tenant)
  }

  commit(record: CheckpointRecord, delivery: Delivery, options: CallOptions = {}): Promise<Answer> {
    return this.#writer.commit(record, delivery, options)
  }

  commitWrites(record: WritesRecord, delivery: Delivery, options: CallOptions = {}): Promise<Answer<WritesVerdict>> {
    return this.#writer.commitWrites(record, delivery, options)
  }

  read(address: Address, { mayHaveParts, ...options }: ReadOptions): Promise<Reading> {
    const purpose: Purpose = { operation: 'getTuple', address, isRead: true, ...options }
    return mayHaveParts ? this.#readHead(purpose, address) : this.#readWithParts(purpose, address)
  }

  async #readHead(purpose: Purpose, address: Address): Promise<Reading> {
    const head = await this.#run.value(purpose, calls.head, this.#place(address), address.threadId)
    return readingOf(address.threadId, head, [])
  }

  /** One round trip where a head and its parts take two; a reader that has the parts is sent them for nothing. */
  async #readWithParts(purpose: Purpose, address: Address): Promise<Reading> {
    const args = { ...this.#place(address), parts: PARTS_PER_ANSWER }
    const [first, ...parts] = await this.#run.rows(purpose, calls.read, args)
    const head = typeof first?.['body'] === 'string' ? (JSON.parse(first['body']) as calls.HeadTuple) : undefined
    return readingOf(address.threadId, head, parts.map(partOf))
  }

  async readParts(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    const purpose: Purpose = { operation: 'readParts', address: { threadId }, isRead: true }
    const args = { tenant: this.#tenant, thread: threadId, names, limit: PARTS_PER_ANSWER }
    return (await this.#run.rows(purpose, calls.parts, args)).map(partOf)
  }

  async *list(query: ListQuery, options: CallOptions = {}): AsyncGenerator<readonly StoredCheckpoint[]> {
    const { threadId, ns, checkpointId } = query
    const purpose: Purpose = { operation: 'list', address: { threadId, ns, checkpointId }, isRead: true, ...options }
    if (threadId === undefined) {
      yield* this.#listAll(query, purpose)
      return
    }
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let belowSeq: number | null = null
    const filter = new ListFilter(query.filters)
    for (let page = FIRST_PAGE; left > 0; page = MAX_PAGE) {
      const size = Math.min(page, left)
      const below = belowSeq
      const readings: readonly calls.ReadingTuple[] = await filter.run(({ filters }) =>
        this.#run.values(purpose, calls.list, {
          tenant: this.#tenant,
          thread: threadId,
          ns: query.ns ?? null,
          checkpoint: query.checkpointId ?? null,
          before: query.before ?? null,
          below_seq: below,
          filters,
          limit: size,
        }),
      )
      const checkpoints = readings.map((reading) => checkpointOf(threadId, reading))
      const found = checkpoints.filter((checkpoint) => filter.takes(checkpoint))
      if (found.length > 0) yield found
      belowSeq = checkpoints.at(-1)?.seq ?? null
      left = checkpoints.length < size ? 0 : left - found.length
    }
  }

  async history(
    address: Address,
    channels: readonly HistoryChannel[],
    options: CallOptions = {},
  ): Promise<ReadonlyMap<string, StoredHistory>> {
    const purpose: Purpose = { operation: 'getDeltaChannelHistory', address, isRead: true, ...options }
    const histories = await this.#run.values(purpose, calls.history, {
      ...this.#place(address),
      channels: channels.map(({ channel }) => channel),
      keys: channels.map(({ manifestKey }) => manifestKey),
    })
    return new Map(histories.map((history) => [history[0], historyOf(history)]))
  }

  async deleteThread(threadId: string, namesWanted: number, options: CallOptions = {}): Promise<readonly PartName[]> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId }, ...options }
    const thread = { tenant: this.#tenant, thread: threadId }
    const before = await this.#run.value({ ...purpose, isRead: true }, threads.deletedGeneration, thread)
    const [, names] = await this.#run.value(purpose, threads.deleteThread, {
      ...thread,
      deleted_generation: before,
      names_limit: namesWanted,
    })
    return names as readonly PartName[]
  }

  #place({ threadId, ns, checkpointId }: Address): {
    readonly tenant: string
    readonly thread: string
    readonly ns: string
    readonly checkpoint: string | null
  } {
    return { tenant: this.#tenant, thread: threadId, ns, checkpoint: checkpointId ?? null }
  }

  /** For tests and small deployments: each page is a scan of all that the tenant has (see list_all_1). */
  async *#listAll(query: ListQuery, purpose: Purpose): AsyncGenerator<readonly StoredCheckpoint[]> {
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let last: StoredCheckpoint | undefined
    const filter = new ListFilter(query.filters)
    while (left > 0) {
      const size = filter.isHere ? PAGE_OF_ALL : Math.min(PAGE_OF_ALL, left)
      const below = last?.address
      const readings: readonly calls.ThreadReadingTuple[] = await filter.run((sent) =>
        this.#run.values(purpose, calls.listAll, {
          tenant: this.#tenant,
          ns: query.ns ?? null,
          checkpoint: query.checkpointId ?? null,
          before: query.before ?? null,
          below_id: below?.checkpointId ?? null,
          below_thread: below?.threadId ?? null,
          below_ns: below?.ns ?? null,
          ...sent,
          limit: size,
        }),
      )
      const checkpoints = readings.map(([threadId, reading]) => checkpointOf(threadId, reading))
      const found = checkpoints.filter((checkpoint) => filter.takes(checkpoint)).slice(0, left)
      yield* byThread(found)
      last = checkpoints.at(-1)
      left = checkpoints.length < size ? 0 : left - found.length
    }
  }
}

/** Cut where the thread changes: the parts of one thread are read together. */
function* byThread(checkpoints: readonly StoredCheckpoint[]): Generator<readonly StoredCheckpoint[]> {
  const threadOf = (i: number) => checkpoints[i]?.address.threadId
  for (let from = 0, to = 1; from < checkpoints.length; to++) {
    if (threadOf(to) === threadOf(from)) continue
    yield checkpoints.slice(from, to)
    from = to
  }
}
