import { randomUUID } from 'node:crypto'
import type {
  BaseCheckpointSaver,
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
} from '@langchain/langgraph-checkpoint'

/** A config as LangGraph hands it over, with only the keys that count. */
export interface Config {
  configurable: { thread_id: string; checkpoint_ns: string; checkpoint_id?: string }
}

export function configOf(threadId: string, ns = '', checkpointId?: string): Config {
  const configurable = { thread_id: threadId, checkpoint_ns: ns }
  return { configurable: checkpointId === undefined ? configurable : { ...configurable, checkpoint_id: checkpointId } }
}

export const METADATA: CheckpointMetadata = { source: 'loop', step: 0, parents: {} }

let lastId = 0

/** Increasing, like LangGraph's. */
export function newId(): string {
  return `1f0a7c2e-${(++lastId).toString(16).padStart(8, '0')}`
}

export interface PutOptions {
  readonly id?: string
  /** The parent's id; null for a root. The default is what was put last. */
  readonly parent?: string | null
  readonly versions?: ChannelVersions
  /** The default is `versions`. */
  readonly newVersions?: ChannelVersions
  readonly metadata?: Record<string, unknown>
  /** More fields of the checkpoint, or other ones. */
  readonly fields?: Record<string, unknown>
}

export function checkpointOf(id: string, values: Record<string, unknown>, options: PutOptions = {}): Checkpoint {
  return {
    v: 4,
    id,
    ts: '2025-11-21T05:36:00.000Z',
    channel_values: values,
    channel_versions: options.versions ?? {},
    versions_seen: {},
    ...options.fields,
  }
}

/** One namespace of a thread, as a run of a graph sees it: each put continues from the one before. */
export class TestThread {
  readonly checkpointer: BaseCheckpointSaver
  readonly threadId: string
  readonly ns: string
  /** What was put last. */
  last: string | null = null
  #writer: (() => void) | undefined

  constructor(checkpointer: BaseCheckpointSaver, ns = '', threadId: string = randomUUID()) {
    this.checkpointer = checkpointer
    this.ns = ns
    this.threadId = threadId
  }

  /** A thread as a new run of a graph has it: LangGraph gives all calls of a run, subgraphs included, one stream writer. */
  static inRun(checkpointer: BaseCheckpointSaver, threadId?: string): TestThread {
    const thread = new TestThread(checkpointer, '', threadId)
    thread.#writer = () => {}
    return thread
  }

  /** Another namespace of the thread, in the same run. */
  subgraph(ns: string): TestThread {
    const thread = new TestThread(this.checkpointer, ns, this.threadId)
    thread.#writer = this.#writer
    return thread
  }

  config(id?: string): Config {
    return { ...configOf(this.threadId, this.ns, id), ...(this.#writer && { writer: this.#writer }) }
  }

  /** @returns the checkpoint's id */
  async put(values: Record<string, unknown>, options: PutOptions = {}): Promise<string> {
    const { id = newId(), parent = this.last, versions = {}, newVersions = versions } = options
    const metadata = { ...METADATA, ...options.metadata } as CheckpointMetadata
    this.last = id
    await this.checkpointer.put(
      this.config(parent ?? undefined),
      checkpointOf(id, values, options),
      metadata,
      newVersions,
    )
    return id
  }

  async write(id: string, writes: [string, unknown][], taskId = 'task', taskPath?: string): Promise<void> {
    await putWritesTo(this.checkpointer, this.config(id), writes, taskId, taskPath)
  }

  read(id?: string): Promise<CheckpointTuple | undefined> {
    return this.checkpointer.getTuple(this.config(id))
  }

  /** The checkpoint named, or the head; it must be there. */
  async mustRead(id?: string): Promise<CheckpointTuple> {
    const tuple = await this.read(id)
    if (tuple === undefined) throw new Error(`There is no checkpoint ${id ?? 'at all'}.`)
    return tuple
  }

  async values(id?: string): Promise<Record<string, unknown>> {
    return (await this.mustRead(id)).checkpoint.channel_values
  }

  async list(options?: CheckpointListOptions): Promise<CheckpointTuple[]> {
    return collect(this.checkpointer.list(this.config(), options))
  }

  async ids(options?: CheckpointListOptions): Promise<string[]> {
    return (await this.list(options)).map(idOf)
  }
}

/** With the task path, which savers before langgraph-checkpoint 1.2 don't have in their type. */
export function putWritesTo(
  checkpointer: { putWrites(...args: unknown[]): Promise<void> },
  ...args: [config: Config, writes: [string, unknown][], taskId: string, taskPath?: string]
): Promise<void> {
  return checkpointer.putWrites(...args)
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

export function idOf(tuple: CheckpointTuple): string {
  return tuple.checkpoint.id
}

/** Text of a given length that looks like no other seed's, does not repeat itself and hardly compresses. */
export function textOf(seed: number, length: number): string {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += `${state.toString(36)} `
  }
  return text.slice(0, length)
}

/** A long text, made fast, no two lines of which are the same. */
export function numberedLines(length: number): string {
  const lines = Array.from({ length: Math.ceil(length / 64) }, (_, i) => `${i} `.padEnd(63, 'x'))
  return lines.join('\n').slice(0, length)
}

/** The same with bytes as text: vitest compares typed arrays element by element, which takes a while. */
export function withBytesAsText(values: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(values).map(([key, value]) =>
    value instanceof Uint8Array
      ? [key, `${value.constructor.name} ${Buffer.from(value).toString('hex')}`]
      : [key, value],
  )
  return Object.fromEntries(entries) as Record<string, unknown>
}
