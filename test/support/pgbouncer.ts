import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../examples/support/free-port.ts'
import { startServer, type ServerProcess } from '../../examples/support/server-process.ts'
import { makeDirFor, temporaryRoot, unprivilegedAccount } from '../../examples/support/unprivileged.ts'

export interface PgBouncer {
  /** The same URL by way of the pooler; any database of the server. */
  through(url: string): string
  /** SIGKILL, and another on the same port. */
  crash(): Promise<void>
  stop(): Promise<void>
}

const MISSING = `pgbouncer does not start here. Install it:
  sudo apt-get install -y pgbouncer    (Debian, Ubuntu)    brew install pgbouncer    (macOS)`

/** A PgBouncer of our own in transaction mode, with few connections to the server, so that code which needs a session fails. */
export async function startPgBouncer(serverUrl: string, poolSize: number): Promise<PgBouncer> {
  const account = unprivilegedAccount() // like Postgres, it refuses to run as root
  const dir = await makeDirFor(account, await mkdtemp(join(await temporaryRoot(account), 'checkpointer-pgbouncer-')))
  const port = await freePort()
  const { hostname, port: serverPort, username, password } = new URL(serverUrl)
  const login = `user=${username} password=${decodeURIComponent(password)}`
  const config = join(dir, 'pgbouncer.ini')
  const log = join(dir, 'pgbouncer.log')
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any', // every client is the user of the line above
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    max_client_conn: 500,
    server_lifetime: 3600,
    logfile: log,
  }
  await writeFile(
    config,
    [
      '[databases]',
      `* = host=${hostname} port=${serverPort || 5432} ${login}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
    { mode: 0o644 },
  )

  // Debian has it in /usr/sbin, which is not on the PATH of every user.
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` }
  const launch = async (): Promise<ServerProcess> => {
    const server = await startServer({
      program: 'pgbouncer',
      args: ['-q', config],
      options: { ...account, env },
    }).catch((cause: unknown) => {
      throw new Error(MISSING, { cause })
    })
    for (const deadline = Date.now() + 30_000; !(await answers(port)); await sleep(20)) {
      if (!server.hasExited && Date.now() < deadline) continue
      await kill(server)
      throw new Error(`pgbouncer does not answer.\n${await readFile(log, 'utf8').catch(() => '')}`)
    }
    return server
  }
  const removeDir = (): Promise<void> => rm(dir, { recursive: true, force: true })
  let running = await launch().catch(async (error: unknown) => {
    await removeDir()
    throw error
  })
  return {
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    async crash() {
      await kill(running)
      running = await launch()
    },
    async stop() {
      await kill(running)
      await removeDir()
    },
  }
}

/** It holds nothing that has to be saved. */
function kill(server: ServerProcess): Promise<void> {
  return server.stop('SIGKILL')
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'test',
    database: 'postgres',
    connectionTimeoutMillis: 2000,
  })
  client.on('error', () => {})
  return client
    .connect()
    .then(
      () => true,
      () => false,
    )
    .finally(() => void client.end().catch(() => {}))
}
