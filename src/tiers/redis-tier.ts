/**
 * A tier in Redis. Postgres says which parts a value consists of, Redis only what is in them: nothing that it holds,
 * loses or makes up can change an answer.
 *
 * The key of a part is `<prefix>:{<hash of tenant and thread>}:<part name>`, so it holds nothing that a user wrote, and a
 * cluster keeps a thread in one slot. A part is set once, for a bounded time, and verified by its name before use. The
 * only commands are MGET, SET … PX … NX and UNLINK.
 */
import { hash } from 'node:crypto'
import { GROUP_CHARS, PIECE_LENGTH } from '../codec/format.ts'
import { Part, type PartName } from '../codec/part.ts'
import type { RedisHealth } from '../observe/health.ts'
import { CircuitBreaker, type BreakerState } from './circuit-breaker.ts'
import { FillQueue } from './fill-queue.ts'
import type { PartTier, TierStats } from './part-tier.ts'
import { openRedis, problemOf, type RedisConnection, type RedisLink } from './redis-client.ts'
import type { RedisClient } from './redis-commands.ts'
import { ReplyTimeoutError, replyInTime } from './reply-in-time.ts'

export interface RedisTierOptions {
  readonly tenant: string
  readonly prefix: string
  readonly ttlSeconds: number
  readonly timeoutMs: number
  readonly maxValueBytes: number
}

export interface RedisTierStats extends TierStats {
  /** Commands that failed or were not answered in time. A read then asked Postgres; a part was not put into Redis. */
  readonly errors: number
  /** Values that did not match the hash in their key: counted as misses, and removed from Redis. */
  readonly rejected: number
  /** Parts that were put into Redis, or were there already. */
  readonly fills: number
  /** Parts that were not put into Redis, because too many waited, it was out of reach, or it refused them before. */
  readonly fillsDropped: number
  /** `closed`: Redis is used. `open`: it failed, and is not asked for some seconds. `probing`: one command is a trial. */
  readonly breaker: BreakerState
}

/** How much may wait to be sent to Redis, in characters of text and bytes. */
const MAX_WAITING = 16 * 1024 * 1024
/** How long `end` waits for parts and removals that are being sent. */
const END_MS = 1000
/** What one MGET may ask for, by the sizes that parts of a kind may have: about 1 MB, so that a reply comes in time. */
const MGET_CHARS = 1024 * 1024
const UNLINK_KEYS = 500
/** How long `health` waits for a connection and a reply together. */
const HEALTH_MS = 1000
/** A client in one of these states has no connection: it keeps commands for later, or fails them. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(['reconnecting', 'close', 'disconnecting', 'end'])

/** A reply has another form than the command's: the client has mixed up replies, and its connection is unusable. */
class WrongReplyError extends Error {
  constructor() {
    super('Redis sent the reply to another command')
  }
}

export class RedisTier implements PartTier {
  readonly #options: RedisTierOptions
  readonly #link: RedisLink
  readonly #breaker = new CircuitBreaker()
  /** For writes that Redis refuses (out of memory, read-only) while it still answers reads. */
  readonly #fillBreaker = new CircuitBreaker()
  readonly #fills = new FillQueue((key, part) => this.#fill(key, part), MAX_WAITING)
  readonly #unlinking = new Set<Promise<void>>()
  readonly #counts = { hits: 0, misses: 0, errors: 0, rejected: 0, fills: 0, fillsDropped: 0 }
  #isEnded = false

  constructor(connection: RedisConnection, options: RedisTierOptions) {
    this.#options = options
    this.#link = openRedis(connection, options.timeoutMs)
  }

  /** @throws OptionsError where a client has to be made here, and ioredis is not installed or refuses its options */
  async load(): Promise<void> {
    await this.#link.load()
  }

  isUsable(): boolean {
    return !this.#isEnded && this.#breaker.isClosed
  }

  async get(threadId: string, names: readonly PartName[]): Promise<readonly Part[]> {
    if (!this.#mayAsk()) return []
    const start = this.#keyStart(threadId)
    const parts: Part[] = []
    for (const some of inAnswers(names)) {
      if (!this.#mayAsk()) break
      try {
        this.#verify(start, some, await this.#mget(some.map((name) => start + name)), parts)
      } catch {
        break // the store is asked for the rest
      }
    }
    this.#counts.hits += parts.length
    this.#counts.misses += names.length - parts.length
    return parts
  }

  offer(threadId: string, parts: Iterable<Part>): void {
    const mayAsk = this.#mayAsk()
    const start = this.#keyStart(threadId)
    for (const part of parts) {
      if (part.size > this.#options.maxValueBytes) continue
      if (!mayAsk || !this.#fills.add(start + part.name, part)) this.#counts.fillsDropped++
    }
  }

  forget(threadId: string, names: readonly PartName[]): void {
    const start = this.#keyStart(threadId)
    this.#fills.drop(start)
    if (this.#mayAsk()) this.#unlink(names.map((name) => start + name))
  }

  stats(): RedisTierStats {
    return { ...this.#counts, breaker: this.#breaker.state }
  }

  /** Asks Redis for one key, for up to a second and even where the breaker is open. Never rejects. */
  async health(): Promise<RedisHealth> {
    const start = performance.now()
    try {
      if (this.#isEnded) throw new Error('The connection to Redis is not used any more, as end() was called.')
      const reply = this.#issue((client) => client.mgetBuffer([this.#probeKey]))
      await replyInTime(reply, Math.max(this.#options.timeoutMs, HEALTH_MS))
      return { reachable: true, latencyMs: performance.now() - start, error: undefined }
    } catch (error) {
      return { reachable: false, latencyMs: undefined, error: problemOf(error) }
    }
  }

  /** Resolves when nothing waits to be sent to Redis and nothing is being sent. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all([this.#fills.idle(), ...this.#unlinking])
  }

  /**
   * Sends what waits, for up to a second, and closes the client if it was made here. From then on the tier has no parts,
   * takes none and sends nothing. Never rejects.
   */
  async end(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    await replyInTime(this.settled(), END_MS).catch(() => (this.#counts.fillsDropped += this.#fills.drop()))
    this.#link.close()
  }

  /**
   * Whether a command may be sent. Where the breaker's time is over, this sends the probe; nothing waits for its outcome.
   * Only work that is about to use Redis asks this, so that a process without work sends nothing.
   */
  #mayAsk(): boolean {
    if (this.#isEnded) return false
    if (this.#breaker.isClosed) return true
    if (this.#breaker.takeProbe()) void this.#mget([this.#probeKey]).catch(() => {})
    return false
  }

  /** Takes the values that match their names. The others are removed: SET … NX would keep them. */
  #verify(start: string, names: readonly PartName[], bodies: readonly (Buffer | null)[], parts: Part[]): void {
    const { maxValueBytes } = this.#options
    const wrong: string[] = []
    for (const [i, name] of names.entries()) {
      const body = bodies[i]
      if (!Buffer.isBuffer(body) || body.length > maxValueBytes) continue
      // Bytes are copied: they are a slice of the reply's buffer, all of which would stay in memory with the part.
      const part = Part.verified(name, name.startsWith('b') ? new Uint8Array(body) : body.toString())
      if (part === undefined) wrong.push(start + name)
      else parts.push(part)
    }
    this.#counts.rejected += wrong.length
    this.#unlink(wrong)
  }

  #mget(keys: string[]): Promise<readonly (Buffer | null)[]> {
    return this.#send(async (client) => {
      const bodies: unknown = await client.mgetBuffer(keys)
      if (!Array.isArray(bodies) || bodies.length !== keys.length) throw new WrongReplyError()
      return bodies as (Buffer | null)[]
    })
  }

  /** Never rejects. */
  async #fill(key: string, part: Part): Promise<void> {
    const { ttlSeconds, maxValueBytes } = this.#options
    const body =
      part.bytes === undefined ? part.text : Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.length)
    if (Buffer.byteLength(body) > maxValueBytes) return
    if (!this.#breaker.isClosed || !(this.#fillBreaker.isClosed || this.#fillBreaker.takeProbe())) {
      this.#counts.fillsDropped += 1 + this.#fills.drop()
      return
    }
    try {
      await this.#send(async (client) => {
        const reply: unknown = await client.set(key, body, 'PX', ttlSeconds * 1000, 'NX')
        if (reply !== 'OK' && reply !== null) throw new WrongReplyError()
      }, true)
      this.#fillBreaker.succeeded()
      this.#counts.fills++
    } catch {
      this.#fillBreaker.failed()
    }
  }

  #unlink(keys: readonly string[]): void {
    if (keys.length === 0) return
    const task = this.#unlinkAll(keys).finally(() => this.#unlinking.delete(task))
    this.#unlinking.add(task)
  }

  async #unlinkAll(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length && this.#breaker.isClosed; i += UNLINK_KEYS) {
      try {
        await this.#send((client) => client.unlink(keys.slice(i, i + UNLINK_KEYS)))
      } catch {
        return // Redis removes them when their time is over
      }
    }
  }

  /** Sends a command with a time limit, counts its failure, and reports the outcome to the breaker. */
  async #send<Reply>(command: (client: RedisClient) => Promise<Reply>, isFill = false): Promise<Reply> {
    try {
      const reply = await replyInTime(this.#issue(command), this.#options.timeoutMs)
      this.#breaker.succeeded()
      return reply
    } catch (error) {
      this.#counts.errors++
      const isRefusedFill = isFill && error instanceof Error && error.name === 'ReplyError'
      const isOpened = !isRefusedFill && this.#breaker.failed()
      if (isOpened && (error instanceof ReplyTimeoutError || error instanceof WrongReplyError))
        this.#link.dropConnection()
      throw error
    }
  }

  async #issue<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    const connecting = this.#link.connect()
    if (connecting !== undefined) await connecting
    const { client } = this.#link
    if (OUT_OF_REACH.has(client.status)) {
      throw new Error(this.#link.problem() ?? `The Redis client has no connection; its status is "${client.status}".`)
    }
    return command(client)
  }

  #keyStart(threadId: string): string {
    const { prefix, tenant } = this.#options
    return `${prefix}:{${hash('sha256', JSON.stringify([tenant, threadId]), 'base64url').slice(0, 22)}}:`
  }

  /** A key that is never set. */
  get #probeKey(): string {
    return `${this.#options.prefix}:{probe}`
  }
}

/** The names in groups, so that the reply to one MGET of each has at most about MGET_CHARS. */
function* inAnswers(names: readonly PartName[]): Generator<readonly PartName[]> {
  let some: PartName[] = []
  let chars = 0
  for (const name of names) {
    const size = usualCharsOf(name)
    if (chars + size > MGET_CHARS && some.length > 0) {
      yield some
      some = []
      chars = 0
    }
    some.push(name)
    chars += size
  }
  if (some.length > 0) yield some
}

/** The size to reckon with: pieces are nearly always full; parts of other kinds are rarely larger than a group. */
function usualCharsOf(name: PartName): number {
  return name.startsWith('t') || name.startsWith('b') ? PIECE_LENGTH : GROUP_CHARS
}
