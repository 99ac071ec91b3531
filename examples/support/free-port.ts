import { createServer, type AddressInfo } from 'node:net'

/** A TCP port of 127.0.0.1 that is free now. Somebody else may take it first, so be ready to ask again. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
