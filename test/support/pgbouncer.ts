import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../examples/support/free-port.ts'
import { guard } from '../../examples/support/guard.ts'
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

/** A PgBouncer of our own in transaction mode, with few connections to the server: whoever needs a session notices. */
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
    auth_type: 'any', // whoever comes is the user of the line above
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

  const launch = async (): Promise<{ kill(): Promise<void> }> => {
    // Debian has it in /usr/sbin, which is not on the PATH of every user.
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` }
    const child: ChildProcess = spawn('pgbouncer', ['-q', config], { ...account, env, stdio: 'ignore', detached: true })
    let failure: Error | undefined
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', (error) => resolve(void (failure = error)))
    })
    child.unref()
    const dismissGuard = guard(child, [])
    for (const deadline = Date.now() + 10_000; !(await answers(port)); await sleep(20)) {
      if (failure === undefined && child.exitCode === null && Date.now() < deadline) continue
      const said = await readFile(log, 'utf8').catch(() => '')
      throw new Error(failure === undefined ? `pgbouncer ended.\n${said}` : MISSING, { cause: failure })
    }
    return {
      async kill() {
        child.kill('SIGKILL') // it holds nothing that has to be saved
        child.ref()
        await exited
        dismissGuard()
      },
    }
  }
  let running = await launch()
  return {
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    async crash() {
      await running.kill()
      running = await launch()
    },
    async stop() {
      await running.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
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
