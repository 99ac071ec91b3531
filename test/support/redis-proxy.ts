/** A TCP proxy that knows Redis's protocol: it counts commands, and mixes up, delays, swallows or cuts the replies to MGET. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * - `pass` replies go through
 * - `rotate` the values in a reply stand in each other's places
 * - `late` a reply goes to the next MGET of the connection, as after a bug in a client's queue
 * - `cross` a reply goes to the MGET that was sent last, whichever connection that came from
 * - `ok` the reply is that to a SET
 * - `slow` replies come after `delayMs`
 * - `trickle` replies come in small pieces
 * - `cut` half a reply comes, then the connection ends
 * - `swallow` no reply comes, as from a host that is gone without a word
 */
export type ProxyMode = 'pass' | 'rotate' | 'late' | 'cross' | 'ok' | 'slow' | 'trickle' | 'cut' | 'swallow'

export interface RedisProxy {
  readonly url: string
  mode: ProxyMode
  delayMs: number
  /** Of each command, in capitals, how many were sent. */
  readonly commands: ReadonlyMap<string, number>
  /** Replies that were not passed on as they came. */
  readonly tampered: number
  /** Ends all connections. */
  cutAll(): void
  close(): Promise<void>
}

export async function startRedisProxy(targetPort: number): Promise<RedisProxy> {
  const commands = new Map<string, number>()
  const sockets = new Set<Socket>()
  let lastReply: Buffer | undefined
  const proxy = {
    mode: 'pass' as ProxyMode,
    delayMs: 30,
    commands,
    tampered: 0,
    url: '',
    cutAll: () => sockets.forEach((socket) => socket.destroy()),
    close: async () => {
      proxy.cutAll()
      await new Promise((closed) => server.close(closed))
    },
  }

  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const waiting: string[] = []
    let heldReply: Buffer | undefined
    let sent: Promise<unknown> = Promise.resolve()
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', byFrame((frame) => {
      const name = frame.items[0]?.text.toUpperCase() ?? ''
      commands.set(name, (commands.get(name) ?? 0) + 1)
      waiting.push(name)
      upstream.write(frame.bytes)
    }))
    upstream.on('data', byFrame((frame) => {
      const isMget = waiting.shift() === 'MGET'
      const { mode, delayMs } = proxy
      if (!isMget || mode === 'pass') return later(() => client.write(frame.bytes))
      proxy.tampered++
      if (mode === 'swallow') return
      if (mode === 'rotate') later(() => client.write(rotated(frame)))
      else if (mode === 'ok') later(() => client.write('+OK\r\n'))
      else if (mode === 'late') {
        const reply = heldReply ?? allNull(frame)
        heldReply = frame.bytes
        later(() => client.write(reply))
      } else if (mode === 'cross') {
        const reply = lastReply ?? allNull(frame)
        lastReply = frame.bytes
        later(() => client.write(reply))
      } else if (mode === 'slow') later(async () => (await sleep(delayMs), client.write(frame.bytes)))
      else if (mode === 'trickle') later(() => trickle(client, frame.bytes))
      else if (mode === 'cut') later(() => client.end(frame.bytes.subarray(0, frame.bytes.length / 2)))
    }))

    /** In order, whatever each takes. */
    function later(send: () => unknown): void {
      sent = sent.then(() => (client.writable ? send() : undefined))
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  proxy.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  return proxy
}

/** A reply or a command, whole, as it was sent. */
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
    items?.push({ bytes: item, text: item.toString('latin1').replace(/^\$\d+\r\n/, '').trimEnd() })
  }
  return end
}

function rotated({ items }: Frame): Buffer {
  const moved = [...items.slice(1), ...items.slice(0, 1)]
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
