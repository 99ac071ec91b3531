/** The store in Postgres: one call of a function an operation (sql/functions). */
import type { Address } from '../address.ts'
import type { Part, PartName } from '../codec/part.ts'
import type { HistoryChannel, StoredCheckpoint, StoredHistory } from '../codec/record.ts'
import type { Meter } from '../observe/meter.ts'
import * as calls from '../pg/calls.ts'
import type { CallRunner } from '../pg/call-runner.ts'
import type { Purpose } from '../pg/retry.ts'
import { ListFilter } from './list-filter.ts'
import type { ListQuery } from './list-query.ts'
import { checkpointOf, historyOf, partOf } from './pg-answers.ts'
import { PgWriter } from './pg-writer.ts'
import type {
  Answer,
  CallOptions,
  CheckpointRecord,
  Delivery,
  Reading,
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

  read(address: Address, withParts: boolean, options: CallOptions = {}): Promise<Reading> {
    return this.#read({ operation: 'getTuple', address, isRead: true, ...options }, address, withParts)
  }

  async #read(purpose: Purpose, address: Address, withParts: boolean): Promise<Reading> {
    const { threadId } = address
    const args = {
      tenant: this.#tenant,
      thread: threadId,
      ns: address.ns,
      checkpoint: address.checkpointId ?? null,
    }
    let head: calls.HeadTuple | undefined
    let parts: readonly Part[] = []
    if (withParts) {
      const [first, ...rest] = await this.#run.rows(purpose, calls.read, { ...args, parts: PARTS_PER_ANSWER })
      head = typeof first?.['body'] === 'string' ? (JSON.parse(first['body']) as calls.HeadTuple) : undefined
      parts = rest.map(partOf)
    } else {
      head = await this.#run.value(purpose, calls.head, args, threadId)
    }
    const [generation, reading] = head ?? [0, null]
    return { generation, checkpoint: reading === null ? undefined : checkpointOf(threadId, reading), parts }
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
      tenant: this.#tenant,
      thread: address.threadId,
      ns: address.ns,
      checkpoint: address.checkpointId ?? null,
      channels: channels.map(({ channel }) => channel),
      keys: channels.map(({ manifestKey }) => manifestKey),
    })
    return new Map(histories.map((history) => [history[0], historyOf(history)]))
  }

  async deleteThread(threadId: string, namesWanted: number, options: CallOptions = {}): Promise<readonly PartName[]> {
    const purpose: Purpose = { operation: 'deleteThread', address: { threadId }, ...options }
    const thread = { tenant: this.#tenant, thread: threadId }
    const before = await this.#run.value({ ...purpose, isRead: true }, calls.deletedGeneration, thread)
    const [, names] = await this.#run.value(purpose, calls.deleteThread, {
      ...thread,
      deleted_generation: before,
      names_limit: namesWanted,
    })
    return names as readonly PartName[]
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
