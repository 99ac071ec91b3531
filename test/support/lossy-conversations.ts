/** A writer whose server loses its last commits: conversations in several namespaces of a thread, which go on whatever happens. */
import { hash } from 'node:crypto'
import { CheckpointerError, UnavailableError, type PgCheckpointer } from '../../src/index.ts'
import { METADATA, checkpointOf, configOf, putWritesTo, textOf } from './checkpoints.ts'

export interface LossyWriterOptions {
  readonly url: string
  readonly schema: string
  readonly name: string
  readonly writers: number
}

/** A checkpoint, or what a task wrote beside it, that was acknowledged. */
export interface Acknowledged {
  readonly said: 'put' | 'write'
  /** When the answer came. */
  readonly epoch: number
  readonly thread: string
  readonly ns: string
  readonly id: string
  readonly task?: string
  readonly hash: string
}

export type Said =
  | Acknowledged
  | { readonly said: 'ready' | 'paused'; readonly partsReused: number }
  /** A call was rejected: `id` may have been replaced, or not. */
  | { readonly said: 'trouble'; readonly what: string; readonly id?: string }
  | { readonly said: 'missing'; readonly what: string }

/** A thread is left behind after so many epochs, so that what is checked stays small. */
const EPOCHS_PER_THREAD = 3
const NAMESPACES = ['', '', '', 'sub:1', 'sub:1|deep:2'] as const
const MANY_MESSAGES = 1000
/** Messages that were removed and may come back: what is known of them rests on old commits. */
const MUSEUM = 40

interface Message {
  readonly id: string
  readonly content: string
}
interface Values {
  readonly messages: Message[]
  readonly document: string
  readonly bytes: Uint8Array
  readonly n: number
}
interface Head {
  readonly id: string
  readonly values: Values
}

/** Of values as they were put, and as they are read. */
export function hashOf(values: unknown): string {
  const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array
  const text = JSON.stringify(values, (_, value: unknown) =>
    isBytes(value)
      ? Buffer.from(value).toString('base64')
      : typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  )
  return hash('sha256', text, 'base64url').slice(0, 22)
}

export class LossyConversations {
  readonly #checkpointer: PgCheckpointer
  readonly #say: (what: Said) => void
  readonly #name: string
  readonly #number: number
  #thread = ''
  #heads = new Map<string, Head[]>()
  #museum: Message[] = []
  #made = 0

  constructor(checkpointer: PgCheckpointer, name: string, number: number, say: (what: Said) => void) {
    this.#say = say
    this.#checkpointer = checkpointer
    this.#name = name
    this.#number = number
  }

  async step(epochNow: () => number): Promise<void> {
    const time = Math.floor(epochNow() / EPOCHS_PER_THREAD)
    // The last writer of each process shares its thread with that of the other.
    const thread = this.#number === 3 ? `shared ${time}` : `${this.#name} ${time}`
    if (thread !== this.#thread) {
      this.#thread = thread
      this.#heads = new Map()
    }
    const ns = any(NAMESPACES)
    let id: string | undefined
    try {
      if (Math.random() < 0.1) return await this.#resume(ns)
      const message = this.#message()
      const isWritten = Math.random() < 0.3
      const head = this.#headOf(ns)
      if (isWritten && head !== undefined) await this.#write(ns, head, message, epochNow)
      const isOwn = head?.id.endsWith(this.#suffix()) === true // another process may replace its own at the same time
      id = isOwn && Math.random() < 0.05 ? head.id : this.#newId()
      await this.#put(ns, id, head, this.#next(head, message), epochNow)
    } catch (error) {
      if (error instanceof UnavailableError) {
        this.#say({ said: 'trouble', what: `${error.code} ${error.outcome}`, ...(id !== undefined && { id }) })
      } else if (CheckpointerError.is(error) && error.code === 'PART_MISSING') {
        this.#say({ said: 'missing', what: error.message })
      } else throw error
    }
  }

  /** Goes on with what is there, as a run that begins does. */
  async #resume(ns: string): Promise<void> {
    const tuple = await this.#checkpointer.getTuple(configOf(this.#thread, ns))
    if (tuple === undefined) return
    const { id, channel_values: values } = tuple.checkpoint
    this.#heads.set(ns, [{ id, values: values as unknown as Values }])
  }

  async #write(ns: string, head: Head, message: Message, epochNow: () => number): Promise<void> {
    const task = this.#newId()
    const writes: [string, unknown][] = [
      ['messages', [message]],
      ['document', textOf(this.#made, 3000)],
    ]
    if (Math.random() < 0.3) writes.push(['__interrupt__', { value: message, id: task }])
    await putWritesTo(this.#checkpointer, configOf(this.#thread, ns, head.id), writes, task)
    const told = { thread: this.#thread, ns, id: head.id, task, hash: hashOf(writes) }
    this.#say({ said: 'write', epoch: epochNow(), ...told })
  }

  async #put(ns: string, id: string, head: Head | undefined, values: Values, epochNow: () => number): Promise<void> {
    const told = { thread: this.#thread, ns, id, hash: hashOf(values) }
    const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, 1]))
    await this.#checkpointer.put(
      configOf(this.#thread, ns, head?.id),
      checkpointOf(id, { ...values }, { versions }),
      METADATA,
      versions,
    )
    this.#say({ said: 'put', epoch: epochNow(), ...told })
    this.#heads.set(ns, [...(this.#heads.get(ns) ?? []).slice(-5), { id, values }])
  }

  /** The last, or an older one: a fork. */
  #headOf(ns: string): Head | undefined {
    const heads = this.#heads.get(ns) ?? []
    return Math.random() < 0.05 ? any(heads) : heads.at(-1)
  }

  #next(head: Head | undefined, message: Message): Values {
    let messages = head === undefined ? this.#firstMessages() : [...head.values.messages, message]
    const kind = Math.random()
    if (kind < 0.1) messages = messages.toSpliced(Math.floor(Math.random() * messages.length), 1, message)
    else if (kind < 0.2) this.#museum = [...this.#museum, ...messages.splice(-3, 2)].slice(-MUSEUM)
    else if (kind < 0.35 && this.#museum.length > 0) messages.push(any(this.#museum))
    else if (kind < 0.4) messages = messages.slice(Math.min(5, messages.length - 1))
    const { document, bytes } = head?.values ?? { document: undefined, bytes: undefined }
    return {
      messages,
      document: document === undefined || Math.random() < 0.1 ? textOf(this.#made, 20_000) : document,
      bytes: bytes === undefined || Math.random() < 0.1 ? new Uint8Array(Buffer.from(textOf(this.#made, 4000))) : bytes,
      n: this.#made,
    }
  }

  #firstMessages(): Message[] {
    // The first writer of each process has a long conversation, whose list is made of index parts.
    return Array.from({ length: this.#number === 0 ? MANY_MESSAGES : 5 }, () => this.#message())
  }

  #message(): Message {
    const id = this.#newId()
    return { id, content: `${id} ${textOf(this.#made, 50 + (this.#made % 7) * 150)}` }
  }

  #newId(): string {
    return `${Date.now().toString(16)}-${String(++this.#made).padStart(8, '0')}${this.#suffix()}`
  }

  #suffix(): string {
    return ` ${this.#name}`
  }
}

function any<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item
}
