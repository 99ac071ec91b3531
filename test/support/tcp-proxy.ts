import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** One connection through a proxy: the client's socket and the one to the server. */
export interface Link {
  /** How many came before it. */
  readonly index: number
  readonly client: Socket
  readonly server: Socket
}

/** What a proxy does with bytes. The default passes them on. */
export interface Relay {
  toServer(chunk: Buffer): void
  toClient(chunk: Buffer): void
}

export interface TcpProxy {
  readonly port: number
  /** Connections so far. */
  readonly accepted: number
  /** The same URL by way of the proxy. */
  through(url: string): string
  /** Cuts all connections, as a router that forgets them. */
  cut(): void
  /** From now on nothing passes and nothing is said: half-open sockets. New connections are accepted and starve. */
  blackHole(): void
  /** What was held back is lost; new connections pass. */
  heal(): void
  stop(): Promise<void>
}

/** A proxy on a free port of 127.0.0.1, to break connections on purpose. */
export async function startProxy(
  target: { readonly host: string; readonly port: number },
  relayOf: (link: Link) => Relay = passOn,
): Promise<TcpProxy> {
  const links = new Set<Link>()
  let accepted = 0
  let isHole = false
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const link: Link = { index: accepted++, client, server: connect({ ...target, noDelay: true, allowHalfOpen: true }) }
    links.add(link)
    const relay = relayOf(link)
    const end = () => {
      links.delete(link)
      for (const socket of [link.client, link.server]) socket.destroy()
    }
    link.client.on('data', (chunk) => void (isHole || relay.toServer(chunk)))
    link.server.on('data', (chunk) => void (isHole || relay.toClient(chunk)))
    link.client.on('end', () => void (isHole || link.server.end()))
    link.server.on('end', () => void (isHole || link.client.end()))
    for (const socket of [link.client, link.server]) socket.on('error', end).on('close', () => void (isHole || end()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const { client, server: far } of links) {
      client.resetAndDestroy()
      far.destroy()
    }
    links.clear()
  }
  return {
    port,
    get accepted() {
      return accepted
    },
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    cut,
    blackHole: () => void (isHole = true),
    heal() {
      isHole = false
      cut()
    },
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Where a URL points to. */
export function targetOf(url: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || defaultPort) }
}

function passOn({ client, server }: Link): Relay {
  return { toServer: (chunk) => void server.write(chunk), toClient: (chunk) => void client.write(chunk) }
}
