/** A client of ioredis that loads the package when it is needed: most have no Redis. */
import { OptionsError } from '../errors.ts'
import type { OwnClient } from './redis-commands.ts'

type RedisClass = new (...args: readonly (string | object)[]) => OwnClient

/** In the state `wait`, as ioredis names it, until `connect` is called; the first call loads ioredis, too. */
export class LazyRedis implements OwnClient {
  readonly #args: readonly (string | object)[]
  readonly #listeners: Parameters<OwnClient['on']>[] = []
  #loading: Promise<OwnClient> | undefined
  #client: OwnClient | undefined
  #isClosed = false

  /** @param args of the constructor of ioredis's `Redis` */
  constructor(...args: readonly (string | object)[]) {
    this.#args = args
  }

  get status(): string {
    if (this.#client !== undefined) return this.#client.status
    return this.#isClosed ? 'end' : this.#loading === undefined ? 'wait' : 'connecting'
  }

  /** The socket, once there is one. */
  get stream(): OwnClient['stream'] {
    return this.#client?.stream
  }

  /** @throws OptionsError where ioredis is not installed, or refuses the options */
  load(): Promise<OwnClient> {
    this.#loading ??= this.#make()
    return this.#loading
  }

  async connect(): Promise<void> {
    const client = await this.load()
    if (!this.#isClosed) await client.connect()
  }

  disconnect(reconnect?: boolean): void {
    if (this.#client === undefined) this.#isClosed = true
    else this.#client.disconnect(reconnect)
  }

  on(...args: Parameters<OwnClient['on']>): void {
    this.#listeners.push(args)
    this.#client?.on(...args)
  }

  async mgetBuffer(keys: string[]): Promise<(Buffer | null)[]> {
    return (await this.load()).mgetBuffer(keys)
  }

  async set(...args: Parameters<OwnClient['set']>): Promise<'OK' | null> {
    return (await this.load()).set(...args)
  }

  async unlink(keys: string[]): Promise<number> {
    return (await this.load()).unlink(keys)
  }

  async #make(): Promise<OwnClient> {
    const Redis = await loadIoredis()
    const client = make(Redis, this.#args)
    for (const args of this.#listeners) client.on(...args)
    this.#client = client
    return client
  }
}

/** An error of ioredis is not passed on as the cause: errors of URL and option parsers hold their input. */
function make(Redis: RedisClass, args: readonly (string | object)[]): OwnClient {
  try {
    return new Redis(...args)
  } catch (error) {
    throw new OptionsError('redis', `is refused by ioredis (${error instanceof Error ? error.name : typeof error}).`)
  }
}

/** With `import()` and its literal name, so that bundlers take the package, or leave it out where it is not installed. */
async function loadIoredis(): Promise<RedisClass> {
  try {
    return (await import('ioredis')).Redis
  } catch (cause) {
    throw new OptionsError('redis', 'needs the package ioredis. Add it: npm install ioredis', { cause })
  }
}
