import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, targetOf, type Link, type TcpProxy } from './tcp-proxy.ts'

/** Something that happens at one message of a connection. Messages are counted from 0, each direction for itself. */
export interface Fault {
  readonly direction: 'toServer' | 'toClient'
  readonly message: number
  readonly action: FaultAction
}

/**
 * - `cut before` the message is not passed on, both sides see the connection end
 * - `cut after` it is passed on before they do
 * - `swallow` it and all that follow in this direction are lost, without notice to either side
 * - `black hole` the same in both directions
 * - `delay` it comes 50 ms later
 */
export type FaultAction = 'cut before' | 'cut after' | 'swallow' | 'black hole' | 'delay'

/** Message types in the order in which they passed: `startup`, then the letter of each. */
interface Passed {
  readonly toServer: string[]
  readonly toClient: string[]
}

export interface PostgresProxy extends TcpProxy {
  /** Of each connection so far. */
  readonly passed: readonly Passed[]
  /** Asked for every message of every connection; `cut` ends the connection before it passes. */
  onMessage: ((direction: Fault['direction'], type: string, bytes: Buffer) => 'cut' | undefined) | undefined
}

/** A proxy that knows where one message of Postgres's protocol ends and the next begins. Without TLS. */
export async function startPostgresProxy(
  url: string,
  faultOf: (connection: number) => Fault | undefined,
): Promise<PostgresProxy> {
  const passed: Passed[] = []
  let result: PostgresProxy | undefined
  const proxy = await startProxy(targetOf(url, 5432), (link) => {
    const log: Passed = { toServer: [], toClient: [] }
    passed.push(log)
    const lost = { toServer: false, toClient: false }
    const fault = faultOf(link.index)
    const relay = (direction: Fault['direction']) => {
      const messages = new MessageReader(direction === 'toServer')
      const forward = inOrder(link, direction)
      return (chunk: Buffer) => {
        for (const message of messages.read(chunk)) {
          if (result?.onMessage?.(direction, message.type, message.bytes) === 'cut') {
            link.client.destroy()
            link.server.end()
            return
          }
          const isIt = fault?.direction === direction && fault.message === log[direction].length
          log[direction].push(message.type)
          if (isIt && (fault.action === 'swallow' || fault.action === 'black hole')) lost[direction] = true
          if (isIt && fault.action === 'black hole') lost.toServer = lost.toClient = true
          if (lost[direction]) continue
          void forward(message.bytes, isIt ? fault.action : undefined)
        }
      }
    }
    return { toServer: relay('toServer'), toClient: relay('toClient') }
  })
  result = Object.assign(proxy, { passed, onMessage: undefined })
  return result
}

/** Passes messages on, one after the other has left; what comes after a cut stays here. */
function inOrder(
  { client, server }: Link,
  direction: Fault['direction'],
): (bytes: Buffer, action?: FaultAction) => Promise<void> {
  const [from, to] = direction === 'toServer' ? [client, server] : [server, client]
  let turn = Promise.resolve()
  let isCut = false
  const write = (bytes: Buffer) => new Promise<void>((resolve) => void to.write(bytes, () => resolve()))
  return (bytes, action) => {
    const before = turn
    turn = (async () => {
      await before
      if (isCut) return
      if (action === 'delay') await sleep(50)
      if (action !== 'cut before') await write(bytes)
      if (action === 'cut before' || action === 'cut after') {
        isCut = true
        to.end() // what was passed on arrives
        from.destroy()
      }
    })()
    return turn
  }
}

class MessageReader {
  #rest: Buffer = Buffer.alloc(0)
  /** The first message of a client has no type. */
  #isTyped: boolean

  constructor(isClient: boolean) {
    this.#isTyped = !isClient
  }

  *read(chunk: Buffer): Generator<{ type: string; bytes: Buffer }> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#isTyped ? 1 : 0
      if (this.#rest.length < head + 4) return
      const length = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < length) return
      const bytes = this.#rest.subarray(0, length)
      yield { type: this.#isTyped ? String.fromCharCode(bytes[0] as number) : 'startup', bytes }
      this.#isTyped = true
      this.#rest = this.#rest.subarray(length)
    }
  }
}
