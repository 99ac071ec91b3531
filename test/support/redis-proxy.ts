import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, targetOf, type TcpProxy } from './tcp-proxy.ts'

/**
 * What the proxy does with the replies to MGET:
 * - `pass` they go through
 * - `rotate` the values in a reply stand in each other's places, where they are of one kind, so that nothing else shows it
 * - `late` a reply goes to the next MGET of the connection, as after a bug in a client's queue
 * - `cross` a reply goes to the MGET that is sent next, whichever connection that comes from
 * - `ok` the reply is that to a SET
 * - `slow` replies come after `delayMs`
 * - `trickle` replies come in small pieces
 * - `cut` half a reply comes, then the connection ends
 * - `swallow` no reply comes
 * - `silent` no reply comes to any command; unlike in a black hole, commands are counted
 */
export type RedisProxyMode =
  | 'pass'
  | 'rotate'
  | 'late'
  | 'cross'
  | 'ok'
  | 'slow'
  | 'trickle'
  | 'cut'
  | 'swallow'
  | 'silent'

export interface RedisProxy extends TcpProxy {
  readonly url: string
  mode: RedisProxyMode
  delayMs: number
  /** How many commands were sent, without those of a client's handshake. */
  readonly commands: number
  /** How often each command was sent, by its name in capitals. */
  readonly commandsByName: ReadonlyMap<string, number>
  /** How many replies were not passed on unchanged. */
  readonly tampered: number
}

const HANDSHAKE = new Set(['HELLO', 'AUTH', 'CLIENT', 'INFO', 'SELECT', 'READONLY'])

/** A proxy that knows Redis's protocol. Without TLS. */
export async function startRedisProxy(url: string): Promise<RedisProxy> {
  const byName = new Map<string, number>()
  let held: Buffer | undefined
  const state = {
    url: '',
    mode: 'pass' as RedisProxyMode,
    delayMs: 30,
    commands: 0,
    commandsByName: byName,
    tampered: 0,
  }

  const tcp = await startProxy(targetOf(url, 6379), ({ client, server }) => {
    const unanswered: Frame[] = []
    let heldHere: Buffer | undefined
    let sent: Promise<unknown> = Promise.resolve()
    /** Sends in order, however long each one takes. */
    const inTurn = (send: () => unknown): void => {
      sent = sent.then(() => (client.writable ? send() : undefined))
    }
    const onReply = (frame: Frame): void => {
      const { mode, delayMs } = state
      const command = unanswered.shift()
      if (mode === 'silent') return
      if (command === undefined || nameOf(command) !== 'MGET' || mode === 'pass')
        return inTurn(() => client.write(frame.bytes))
      state.tampered++
      if (mode === 'rotate') inTurn(() => client.write(rotated(frame, command)))
      else if (mode === 'ok') inTurn(() => client.write('+OK\r\n'))
      else if (mode === 'slow') inTurn(async () => (await sleep(delayMs), client.write(frame.bytes)))
      else if (mode === 'trickle') inTurn(() => trickle(client, frame.bytes))
      else if (mode === 'cut') inTurn(() => client.end(frame.bytes.subarray(0, frame.bytes.length / 2)))
      else if (mode === 'late' || mode === 'cross') {
        const reply = (mode === 'late' ? heldHere : held) ?? allNull(frame)
        heldHere = held = frame.bytes
        inTurn(() => client.write(reply))
      }
    }
    const onCommand = (frame: Frame): void => {
      const name = nameOf(frame)
      byName.set(name, (byName.get(name) ?? 0) + 1)
      if (!HANDSHAKE.has(name)) state.commands++
      unanswered.push(frame)
      server.write(frame.bytes)
    }
    return { toServer: byFrame(onCommand), toClient: byFrame(onReply) }
  })
  state.url = tcp.through(url)
  return Object.setPrototypeOf(state, tcp) as RedisProxy // a copy would not have its getters
}

/** A whole reply or command, as it was sent. */
interface Frame {
  readonly bytes: Buffer
  /** Of an array. */
  readonly items: readonly Item[]
}

interface Item {
  readonly bytes: Buffer
  readonly text: string
}

/** Cuts a stream into frames. */
function byFrame(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const items: Item[] = []
      const end = endOfFrame(rest, 0, items)
      if (end === undefined) return
      const bytes = rest.subarray(0, end)
      rest = rest.subarray(end)
      take({ bytes, items })
    }
  }
}

/** Where the frame that begins at `start` ends; undefined: not here yet. RESP 2 and 3. */
function endOfFrame(data: Buffer, start: number, items?: Item[]): number | undefined {
  const lineEnd = data.indexOf('\r\n', start)
  if (lineEnd < 0) return undefined
  const type = String.fromCharCode(data[start] as number)
  const count = Number(data.toString('latin1', start + 1, lineEnd))
  let end: number | undefined = lineEnd + 2
  if ('$!='.includes(type)) {
    if (count >= 0) end += count + 2
    return end <= data.length ? end : undefined
  }
  if (!'*~>%'.includes(type)) return end
  for (let i = 0; i < (type === '%' ? 2 * count : count); i++) {
    const from: number = end
    end = endOfFrame(data, from)
    if (end === undefined) return undefined
    const item = data.subarray(from, end)
    items?.push({
      bytes: item,
      text: item
        .toString('latin1')
        .replace(/^\$\d+\r\n/, '')
        .trimEnd(),
    })
  }
  return end
}

function nameOf(command: Frame): string {
  return command.items[0]?.text.toUpperCase() ?? ''
}

/** Each value that is there stands in the place of the next one whose key has the same first character after the last colon. */
function rotated({ items }: Frame, command: Frame): Buffer {
  const moved = [...items]
  const byKind = new Map<string, number[]>()
  for (const [i, { bytes }] of items.entries()) {
    if (bytes.subarray(0, 3).toString() === '$-1') continue
    const kind = command.items[i + 1]?.text.replace(/^.*:/, '').charAt(0) ?? ''
    byKind.set(kind, [...(byKind.get(kind) ?? []), i])
  }
  for (const places of byKind.values())
    for (const [n, i] of places.entries()) moved[i] = items[places[(n + 1) % places.length] as number] as Item
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...moved.map(({ bytes }) => bytes)])
}

function allNull({ items }: Frame): Buffer {
  return Buffer.from(`*${items.length}\r\n${'$-1\r\n'.repeat(items.length)}`)
}

async function trickle(socket: Socket, bytes: Buffer): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / 20))
  for (let at = 0; at < bytes.length && socket.writable; at += step) {
    socket.write(bytes.subarray(at, at + step))
    await new Promise((turn) => setImmediate(turn))
  }
}
