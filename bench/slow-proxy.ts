/** A TCP proxy that holds every byte back for a while, in a process of its own so that no other work delays it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface SlowProxy {
  /** The same database, by way of the proxy. */
  readonly url: string
  readonly stop: () => void
}

/** @param delayMs each way */
export async function startSlowProxy(url: string, delayMs: number): Promise<SlowProxy> {
  const target = new URL(url)
  const process = fork(fileURLToPath(import.meta.url), [target.hostname, target.port || '5432', String(delayMs)])
  const [port] = (await once(process, 'message')) as [number]
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    stop: () => process.disconnect(),
  }
}

async function serve(host: string, port: number, delayMs: number): Promise<void> {
  const server = createServer((near) => {
    near.setNoDelay(true)
    const far = connect({ host, port, noDelay: true })
    pipe(near, far, delayMs)
    pipe(far, near, delayMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.((server.address() as AddressInfo).port)
  process.once('disconnect', () => process.exit())
}

/** Node's timers know whole milliseconds only, so it looks at the clock as long as something is on its way. */
function pipe(from: Socket, to: Socket, delayMs: number): void {
  const underway: { readonly chunk: Buffer; readonly due: number }[] = []
  const deliver = (): void => {
    while (underway.length > 0 && (underway[0]?.due ?? 0) <= performance.now())
      to.write(underway.shift()?.chunk as Buffer)
    if (underway.length > 0) setImmediate(deliver)
  }
  from.on('data', (chunk) => {
    underway.push({ chunk, due: performance.now() + delayMs })
    if (underway.length === 1) setImmediate(deliver)
  })
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [host = '', port, delayMs] = process.argv.slice(2)
  await serve(host, Number(port), Number(delayMs))
}
