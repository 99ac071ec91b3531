/** A thread whose checkpoints follow each other as LangGraph's loop puts them: read once, then put after put. */
import {
  uuid6,
  type BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointTuple,
} from '@langchain/langgraph-checkpoint'
import { Witness } from './witness.ts'

export class Chain {
  readonly threadId: string
  readonly witness = new Witness()
  #saver: BaseCheckpointSaver
  #last: Checkpoint
  #step = 0
  #next: { checkpoint: Checkpoint; metadata: CheckpointMetadata; newVersions: ChannelVersions } | undefined

  private constructor(saver: BaseCheckpointSaver, threadId: string, last: Checkpoint) {
    this.#saver = saver
    this.threadId = threadId
    this.#last = last
  }

  /** Puts `head` as the first checkpoint of a thread and reads it, as an invoke would. */
  static async begin(saver: BaseCheckpointSaver, threadId: string, head: CheckpointTuple): Promise<Chain> {
    const { checkpoint, metadata = { source: 'loop', step: 0, parents: {} } } = head
    const chain = new Chain(saver, threadId, checkpoint)
    chain.witness.notePut(undefined, checkpoint, metadata)
    await saver.put(
      { configurable: { thread_id: threadId, checkpoint_ns: '' } },
      checkpoint,
      metadata,
      checkpoint.channel_versions,
    )
    const read = await saver.getTuple(chain.config)
    if (read === undefined) throw new Error(`Thread ${threadId} was put and is not there.`)
    chain.#last = read.checkpoint
    return chain
  }

  /** The thread's address, without an id. */
  get config(): { configurable: { thread_id: string; checkpoint_ns: string } } {
    return { configurable: { thread_id: this.threadId, checkpoint_ns: '' } }
  }

  get lastId(): string {
    return this.#last.id
  }

  get values(): Readonly<Record<string, unknown>> {
    return this.#last.channel_values
  }

  /** Makes the next checkpoint, in which these channels have new values and all others are as they are. */
  prepare(changes: Readonly<Record<string, unknown>>): void {
    const newVersions: ChannelVersions = {}
    for (const channel of Object.keys(changes)) {
      newVersions[channel] = Number(this.#last.channel_versions[channel] ?? 0) + 1
    }
    const checkpoint: Checkpoint = {
      ...this.#last,
      id: uuid6(this.#step),
      ts: new Date().toISOString(),
      channel_values: { ...this.#last.channel_values, ...changes },
      channel_versions: { ...this.#last.channel_versions, ...newVersions },
    }
    const metadata: CheckpointMetadata = { source: 'loop', step: this.#step++, parents: {} }
    this.witness.notePut(this.#last.id, checkpoint, metadata)
    this.#next = { checkpoint, metadata, newVersions }
  }

  /** As an invoke begins. */
  read(): Promise<CheckpointTuple | undefined> {
    return this.#saver.getTuple(this.config)
  }

  /** Goes on from what is read now, by this saver or by another one on the same data: as the next invoke does. */
  async goOn(saver: BaseCheckpointSaver = this.#saver): Promise<void> {
    const read = await saver.getTuple(this.config)
    if (read?.checkpoint.id !== this.#last.id) throw new Error(`${this.threadId}: the head is not what was put last.`)
    this.#saver = saver
    this.#last = read.checkpoint
  }

  /** Compares what is read with what was put: all, or only these checkpoints. */
  check(ids?: readonly string[]): Promise<number> {
    return this.witness.check(this.#saver, this.threadId, ids)
  }

  /** Puts what was prepared. */
  async put(): Promise<void> {
    if (this.#next === undefined) throw new Error('Nothing is prepared.')
    const { checkpoint, metadata, newVersions } = this.#next
    const config = { configurable: { ...this.config.configurable, checkpoint_id: this.#last.id } }
    this.#last = checkpoint
    await this.#saver.put(config, checkpoint, metadata, newVersions)
  }
}
