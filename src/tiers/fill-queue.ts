/** Parts on their way to Redis. They are sent in the background; how much may wait is bounded, and the rest is dropped. */
import type { Part } from '../codec/part.ts'

/** Sends one part. Never rejects. */
type Send = (key: string, part: Part) => Promise<void>

/** How much is sent at a time: little, as on the same connection a read's reply comes only after the replies to these. */
const MAX_SENDING = 32
const MAX_SENDING_SIZE = 256 * 1024

export class FillQueue {
  readonly #send: Send
  readonly #maxSize: number
  readonly #waiting = new Map<string, Part>()
  readonly #sending = new Set<string>()
  #waitingSize = 0
  #sendingSize = 0
  #isScheduled = false
  #whenIdle: (() => void)[] = []

  /** @param maxSize of all parts that wait together, in characters of text and bytes */
  constructor(send: Send, maxSize: number) {
    this.#send = send
    this.#maxSize = maxSize
  }

  /** A part that waits or is being sent already is not added twice. @returns whether there was room */
  add(key: string, part: Part): boolean {
    if (this.#waiting.has(key) || this.#sending.has(key)) return true
    if (this.#waitingSize + part.size > this.#maxSize) return false
    this.#waiting.set(key, part)
    this.#waitingSize += part.size
    this.#schedule()
    return true
  }

  /** Drops the parts that wait and whose keys begin with the prefix; without one, all. @returns how many */
  drop(prefix = ''): number {
    let dropped = 0
    for (const [key, part] of this.#waiting) {
      if (!key.startsWith(prefix)) continue
      this.#waiting.delete(key)
      this.#waitingSize -= part.size
      dropped++
    }
    this.#settle()
    return dropped
  }

  /** Resolves when nothing waits and nothing is being sent. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve)
      this.#settle()
    })
  }

  /** Sends in a later turn of the event loop, so that the put or read that offered the parts is answered first. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#sendSome()
    })
  }

  #sendSome(): void {
    for (const [key, part] of this.#waiting) {
      if (this.#sending.size >= MAX_SENDING || this.#sendingSize >= MAX_SENDING_SIZE) return
      this.#waiting.delete(key)
      this.#waitingSize -= part.size
      this.#sending.add(key)
      this.#sendingSize += part.size
      void this.#sendOne(key, part)
    }
  }

  async #sendOne(key: string, part: Part): Promise<void> {
    await this.#send(key, part)
    this.#sending.delete(key)
    this.#sendingSize -= part.size
    if (this.#waiting.size > 0) this.#schedule()
    this.#settle()
  }

  #settle(): void {
    if (this.#waiting.size > 0 || this.#sending.size > 0) return
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}
