/** Remembers what was put and, at the end, compares it with what is read: values, versions, metadata, pending writes. */
import { isDeepStrictEqual } from 'node:util'
import type { BaseMessage } from '@langchain/core/messages'
import type {
  BaseCheckpointSaver,
  Checkpoint,
  CheckpointMetadata,
  CheckpointTuple,
  PendingWrite,
} from '@langchain/langgraph-checkpoint'

/** How a channel's value is remembered: what it returns is called when the time has come to compare. */
export type Remember = (channel: string, value: unknown) => () => unknown

/** Of a list of messages that follows a script, its length is enough to know it by. */
export function rememberLength(script: readonly BaseMessage[]): Remember {
  return (channel, value) => {
    if (channel !== 'messages') return () => value
    const { length } = value as readonly BaseMessage[]
    return () => script.slice(0, length)
  }
}

interface Put {
  readonly parentId: string | undefined
  readonly values: ReadonlyMap<string, () => unknown>
  readonly rest: unknown
  readonly metadata: unknown
}

export class Witness {
  readonly #remember: Remember
  readonly #puts = new Map<string, Put>()
  /** By checkpoint id: task id, channel, value. */
  readonly #writes = new Map<string, [string, string, () => unknown][]>()

  /** @param remember @default keeps the value itself, so it must not be changed later */
  constructor(remember: Remember = (_, value) => () => value) {
    this.#remember = remember
  }

  get ids(): string[] {
    return [...this.#puts.keys()]
  }

  /** Takes note of everything that is put into the saver, from now on. */
  watch<Saver extends BaseCheckpointSaver>(saver: Saver): Saver {
    const put = saver.put.bind(saver)
    const putWrites = saver.putWrites.bind(saver)
    saver.put = async (config, checkpoint, metadata, newVersions) => {
      this.notePut(config.configurable?.['checkpoint_id'], checkpoint, metadata)
      return put(config, checkpoint, metadata, newVersions)
    }
    saver.putWrites = async (config, writes, taskId) => {
      this.noteWrites(config.configurable?.['checkpoint_id'], writes, taskId)
      return putWrites(config, writes, taskId)
    }
    return saver
  }

  notePut(parentId: string | undefined, checkpoint: Checkpoint, metadata: CheckpointMetadata): void {
    const { id, channel_values: values, ...rest } = checkpoint
    this.#puts.set(id, {
      parentId,
      values: new Map(Object.entries(values).map(([channel, value]) => [channel, this.#remember(channel, value)])),
      rest: plain(rest),
      metadata: plain(metadata),
    })
  }

  noteWrites(checkpointId: string, writes: readonly PendingWrite[], taskId: string): void {
    const noted = this.#writes.get(checkpointId) ?? []
    this.#writes.set(checkpointId, noted)
    for (const [channel, value] of writes) noted.push([taskId, channel, this.#remember('', value)])
  }

  /**
   * Reads a thread's whole history, or only these checkpoints, and compares.
   * @returns how many checkpoints were compared
   * @throws where one is missing, or is not what was put
   */
  async check(saver: BaseCheckpointSaver, threadId: string, ids?: readonly string[]): Promise<number> {
    const thread = { thread_id: threadId, checkpoint_ns: '' }
    if (ids !== undefined) {
      for (const id of ids) this.#compare(id, await saver.getTuple({ configurable: { ...thread, checkpoint_id: id } }))
      return ids.length
    }
    const missing = new Set(this.ids)
    for await (const tuple of saver.list({ configurable: thread })) {
      this.#compare(tuple.checkpoint.id, tuple)
      missing.delete(tuple.checkpoint.id)
    }
    if (missing.size > 0) throw new Error(`${threadId}: ${missing.size} checkpoints were put and are not there.`)
    return this.#puts.size
  }

  /** Some of what was put, the last one among it. */
  sample(count: number): string[] {
    const { ids } = this
    if (count >= ids.length) return ids
    return Array.from({ length: count }, (_, i) => ids[Math.floor(((i + 1) * ids.length) / count) - 1] as string)
  }

  #compare(id: string, tuple: CheckpointTuple | undefined): void {
    const put = this.#puts.get(id)
    if (put === undefined) throw new Error(`Checkpoint ${id} was never put.`)
    if (tuple === undefined) throw new Error(`Checkpoint ${id} was put and is not there.`)
    const { id: readId, channel_values: values, ...rest } = tuple.checkpoint
    same(id, 'id', readId, id)
    same(id, 'rest', rest, put.rest)
    same(id, 'metadata', tuple.metadata, put.metadata)
    same(id, 'parent', tuple.parentConfig?.configurable?.['checkpoint_id'], put.parentId)
    const read = { ...NO_SENDS, ...values }
    for (const [channel, value] of put.values) same(id, `channel_values.${channel}`, read[channel], value())
    same(
      id,
      'channels',
      Object.keys(read).toSorted(),
      [...new Set([...Object.keys(NO_SENDS), ...put.values.keys()])].toSorted(),
    )
    const writes = (this.#writes.get(id) ?? []).map(([taskId, channel, value]) => [taskId, channel, value()])
    same(id, 'pending writes', inOrder(tuple.pendingWrites ?? []), inOrder(writes))
  }
}

/** LangGraph's list of sends has no version where it is empty, so PostgresSaver doesn't store it, and nothing misses it. */
const NO_SENDS: Readonly<Record<string, unknown>> = { __pregel_tasks: [] }

function same(id: string, where: string, read: unknown, put: unknown): void {
  if (isDeepStrictEqual(plain(read), plain(put))) return
  throw new Error(
    `Checkpoint ${id}: ${where} is not what was put.\n${JSON.stringify(read)?.slice(0, 2000)}\n${JSON.stringify(put)?.slice(0, 2000)}`,
  )
}

/** Savers differ in the order of tasks; within a task it is that of the channels here. */
function inOrder(writes: readonly (readonly unknown[])[]): unknown[] {
  return writes.map((write) => plain(write)).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

const plainMessages = new WeakMap<object, unknown>()

/** As JSON, with LangChain's objects as what they were made of. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if (!('lc_kwargs' in value)) return value instanceof Uint8Array ? value : JSON.parse(JSON.stringify(value))
  let known = plainMessages.get(value)
  if (known === undefined) plainMessages.set(value, (known = JSON.parse(JSON.stringify(value))))
  return known
}
