import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { findBinaries } from './postgres-binaries.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { makeDirFor, temporaryRoot, unprivilegedAccount, type Account } from './unprivileged.ts'

export interface PostgresOptions {
  /** Holds the database, its log and its password. @default a new temporary directory */
  dataDir?: string | undefined
  /** Keeps `dataDir` when the server stops, so that it can be started again on the same data. @default false */
  persistent?: boolean | undefined
  /** @default a free one */
  port?: number | undefined
  /** Server settings, beside or instead of those below. */
  settings?: Readonly<Record<string, string>> | undefined
}

/** A Postgres server that belongs to this process and never outlives it. */
export interface PostgresServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly dataDir: string
  readonly logFile: string
  /** Data that are not persistent are removed, unless somebody wants to look at them now. */
  readonly stop: (options?: { keepData?: boolean }) => Promise<void>
}

const SETTINGS = {
  fsync: 'on', // what Postgres has acknowledged is on the disk, here as in production
  synchronous_commit: 'on',
  max_connections: '200',
  shared_buffers: '256MB',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // no socket file that could clash with another server's
  log_line_prefix: '%m [%p] %d ',
}

/** Starts a real Postgres: no Docker, nothing to install, no fixed port. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const account = unprivilegedAccount()
  const scratchDir = await makeDirFor(
    account,
    await mkdtemp(join(await temporaryRoot(account), 'checkpointer-postgres-')),
  )
  const dataDir = await makeDirFor(account, options.dataDir ?? join(scratchDir, 'data'))
  const temporaryDirs = options.persistent ? [scratchDir] : [scratchDir, dataDir]
  const removeTemporaryDirs = async (): Promise<void> => {
    for (const dir of temporaryDirs) await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    const binaries = await findBinaries(account, scratchDir)
    const logFile = join(dataDir, 'server.log')
    const cluster = await initialise(binaries.initdb, account, dataDir)
    const { server, port, url } = await launch(
      { ...cluster, account, logFile, temporaryDirs, binary: binaries.postgres },
      options,
    )
    return {
      url,
      port,
      pid: server.pid,
      dataDir,
      logFile,
      async stop({ keepData = false } = {}) {
        // SIGINT is Postgres's "fast" shutdown. SIGQUIT, the "immediate" one, leaves data as a power cut does.
        await server.stop(options.persistent || keepData ? 'SIGINT' : 'SIGQUIT')
        if (!keepData) await removeTemporaryDirs()
      },
    }
  } catch (error) {
    await removeTemporaryDirs()
    throw error
  }
}

interface Cluster {
  readonly dir: string
  readonly password: string
}

/** Creates the cluster, unless it is there. A half-made one never gets the name by which it would be taken as whole. */
async function initialise(initdb: string, account: Account, dataDir: string): Promise<Cluster> {
  const dir = join(dataDir, 'cluster')
  const passwordFile = join(dataDir, 'password')
  if (existsSync(dir)) return { dir, password: await readFile(passwordFile, 'utf8') }

  const password = randomBytes(16).toString('hex')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const unfinished = `${dir}.new`
  await rm(unfinished, { recursive: true, force: true })
  await promisify(execFile)(
    initdb,
    [
      `--pgdata=${unfinished}`,
      '--username=postgres',
      '--auth=password',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      // Text sorts as in English, as on most servers and unlike in "C": who forgets to ask for "C" will notice.
      '--locale-provider=icu',
      '--icu-locale=en-US',
    ],
    { ...account, env: cleanEnv() },
  )
  await rename(unfinished, dir)
  return { dir, password }
}

interface Launched {
  readonly server: ServerProcess
  readonly port: number
  readonly url: string
}

const START_SECONDS = 30
// Another program was faster, or the last server on these data is still going down. Both pass.
const PASSING = /Address already in use|lock file "postmaster.pid"|pre-existing shared memory block/

interface Launch extends Cluster {
  readonly binary: string
  readonly account: Account
  readonly logFile: string
  readonly temporaryDirs: readonly string[]
}

async function launch(what: Launch, { port: fixedPort, settings }: PostgresOptions): Promise<Launched> {
  const { binary, account, dir, password, logFile, temporaryDirs } = what
  for (const deadline = Date.now() + START_SECONDS * 1000; ; await sleep(200)) {
    const port = fixedPort ?? (await freePort())
    const log = await open(logFile, 'a')
    const logStart = (await log.stat()).size
    if (account) await log.chown(account.uid, account.gid)
    const flags = Object.entries({ ...SETTINGS, port, ...settings }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    const [started] = await Promise.allSettled([
      startServer({
        program: binary,
        args: ['-D', dir, ...flags],
        options: { ...account, env: cleanEnv(), stdio: ['ignore', log.fd, log.fd] },
        temporaryDirs,
      }),
    ])
    await log.close()
    if (started.status === 'rejected') throw started.reason
    const server = started.value

    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`
    if (await answers(url, server, deadline)) return { server, port, url }

    await server.stop('SIGQUIT')
    const said = (await readFile(logFile)).subarray(logStart).toString()
    if (!PASSING.test(said) || Date.now() > deadline) throw new Error(`Postgres did not start.\n${said}`)
  }
}

/** True once the server lets us in, false if it ended or the time is up. */
async function answers(url: string, server: ServerProcess, deadline: number): Promise<boolean> {
  while (Date.now() < deadline) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return true
    } catch {
      await Promise.race([sleep(50), server.exited])
    } finally {
      await client.end().catch(() => {})
    }
    if (server.hasExited) return false
  }
  return false
}

/** Neither a foreign PGDATA, PGPORT or TZ nor a locale that is not installed reaches the server. */
function cleanEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C' }
}
