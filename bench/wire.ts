/** A pg pool that counts what goes over its connections, and knows who serves them. */
import { readFileSync } from 'node:fs'
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import pg from 'pg'

/** What went over the connections of a pool since it was opened, without opening them. */
export interface Traffic {
  /** Answers that ended with ReadyForQuery: what the client waited for. */
  readonly roundTrips: number
  /** Statements, as the server counts them; of one that calls a function, not those inside. */
  readonly statements: number
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** What `pg` keeps in each client, and doesn't tell in its types. */
interface Inside {
  readonly connection: EventEmitter & { readonly stream: Socket }
  readonly processID: number
}

export class Wire {
  readonly pool: pg.Pool
  readonly #sockets: { readonly socket: Socket; readonly sentBefore: number; readonly receivedBefore: number }[] = []
  readonly #pids: number[] = []
  #roundTrips = 0
  #statements = 0

  constructor(url: string, config: pg.PoolConfig = {}) {
    this.pool = new pg.Pool({ connectionString: url, max: 10, idleTimeoutMillis: 0, ...config })
    this.pool.on('error', () => {})
    this.pool.on('connect', (client) => {
      const { connection, processID } = client as unknown as Inside
      const { stream: socket } = connection
      this.#sockets.push({ socket, sentBefore: socket.bytesWritten, receivedBefore: socket.bytesRead })
      this.#pids.push(processID)
      connection.on('readyForQuery', () => this.#roundTrips++)
      connection.on('commandComplete', () => this.#statements++)
    })
  }

  get traffic(): Traffic {
    let [sentBytes, receivedBytes] = [0, 0]
    for (const { socket, sentBefore, receivedBefore } of this.#sockets) {
      sentBytes += socket.bytesWritten - sentBefore
      receivedBytes += socket.bytesRead - receivedBefore
    }
    return { roundTrips: this.#roundTrips, statements: this.#statements, sentBytes, receivedBytes }
  }

  /** What the server's processes behind these connections have used so far; undefined where that can't be seen. */
  get serverCpuMs(): number | undefined {
    let sum = 0
    for (const pid of this.#pids) {
      const spent = backendCpuMs(pid)
      if (spent === undefined) return undefined
      sum += spent
    }
    return sum
  }

  /** Opens all connections, so that none is opened while a clock runs. */
  async warmUp(): Promise<void> {
    const clients = await Promise.all(Array.from({ length: this.pool.options.max }, () => this.pool.connect()))
    for (const client of clients) client.release()
  }

  async end(): Promise<void> {
    await this.pool.end()
  }
}

/** Linux only, and only where the server runs beside us: the first number of schedstat is nanoseconds on a core. */
function backendCpuMs(pid: number): number | undefined {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres') return undefined
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return undefined
  }
}
