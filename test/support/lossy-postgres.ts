/** Postgres servers of our own that go back in time: what they committed since a moment is gone, and they go on from there. */
import { execFile } from 'node:child_process'
import { chown, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startPostgres, type PostgresServer } from '../../examples/support/embedded-postgres.ts'
import { killAll, startCrashingPostgres } from './fault-server.ts'
import { query } from './fault-sql.ts'
import { startProxy } from './tcp-proxy.ts'

export interface LossyPostgres {
  /** The same before and after. */
  readonly url: string
  /** What is committed from now on will be lost. */
  mark(): Promise<void>
  /** Resolves when the server answers again, as it was at the mark, or some commits later. */
  goBack(): Promise<void>
  stop(): Promise<void>
}

export type Loss = 'failover' | 'crash' | 'restore'

export const LOSSES: Readonly<Record<Loss, () => Promise<LossyPostgres>>> = {
  failover: startPair,
  crash: startForgetful,
  restore: startRestorable,
}

const HOST = '127.0.0.1'

/** A primary and an asynchronous standby, which stops to receive at the mark. Then the primary dies and the standby takes over. */
async function startPair(): Promise<LossyPostgres> {
  const cluster = await newCluster()
  let primary = await startOn(cluster.dir('0'))
  const target = { host: HOST, port: primary.port }
  const clients = await startProxy(target)
  const url = clients.through(primary.url)
  let standby: Standby | undefined
  let standbys = 0
  return {
    url,
    async mark() {
      const { dataDir, port } = primary
      await primary.stop()
      const copy = cluster.dir(String(++standbys))
      await copyDir(dataDir, copy)
      primary = await startOn(dataDir, { port })
      standby = await startStandby(copy, primary)
    },
    async goBack() {
      if (standby === undefined) throw new Error('There is no standby: the time to go back to was not marked.')
      await killAll(primary)
      await primary.stop() // of one that is dead, it cleans up
      await query(standby.server.url, 'select pg_promote()')
      await standby.stopStreaming()
      await rm(primary.dataDir, { recursive: true })
      primary = standby.server
      standby = undefined
      target.port = primary.port
      clients.cut()
    },
    async stop() {
      await standby?.server.stop()
      await standby?.stopStreaming()
      await primary.stop()
      await clients.stop()
      await cluster.remove()
    },
  }
}

interface Standby {
  readonly server: PostgresServer
  stopStreaming(): Promise<void>
}

/** A standby that has received what there was, and receives nothing any more. */
async function startStandby(dataDir: string, primary: PostgresServer): Promise<Standby> {
  const stream = await startProxy({ host: HOST, port: primary.port })
  const { username, password } = new URL(primary.url)
  const signal = join(dataDir, 'cluster', 'standby.signal')
  const owner = await stat(join(dataDir, 'cluster'))
  await writeFile(signal, '')
  await chown(signal, owner.uid, owner.gid)
  const primary_conninfo = `host=${HOST} port=${stream.port} user=${username} password=${password} sslmode=disable`
  const server = await startOn(dataDir, { settings: { primary_conninfo } })
  const [now] = await query(primary.url, 'select pg_current_wal_lsn()::text as lsn')
  for (const deadline = Date.now() + 30_000; ; await sleep(20)) {
    const rows = await query(primary.url, 'select from pg_stat_replication where replay_lsn >= $1::pg_lsn', [
      now?.['lsn'],
    ])
    if (rows.length > 0) break
    if (Date.now() > deadline) throw new Error('The standby does not catch up.')
  }
  stream.blackHole()
  return { server, stopStreaming: () => stream.stop() }
}

/** A server that answers before anything is on its disk, and crashes. */
async function startForgetful(): Promise<LossyPostgres> {
  const settings = {
    synchronous_commit: 'off',
    wal_writer_delay: '10000',
    wal_writer_flush_after: '1GB',
    wal_buffers: '64MB',
  }
  const server = await startCrashingPostgres(settings)
  return {
    url: server.url,
    async mark() {
      // Brings all that was committed before to the disk.
      await query(server.url, `set synchronous_commit = on; select pg_logical_emit_message(true, 'mark', '')`)
    },
    goBack: () => server.crash('kill'),
    stop: () => server.stop(),
  }
}

/** A server in whose place an older copy is put. */
async function startRestorable(): Promise<LossyPostgres> {
  const cluster = await newCluster()
  const [dataDir, copy] = [cluster.dir('0'), cluster.dir('copy')]
  let server = await startOn(dataDir)
  const { port, url } = server
  return {
    url,
    async mark() {
      await server.stop()
      await rm(copy, { recursive: true, force: true })
      await copyDir(dataDir, copy)
      server = await startOn(dataDir, { port })
    },
    async goBack() {
      await killAll(server)
      await server.stop()
      await rm(dataDir, { recursive: true })
      await copyDir(copy, dataDir)
      server = await startOn(dataDir, { port })
    },
    async stop() {
      await server.stop()
      await cluster.remove()
    },
  }
}

/** A directory for data directories, with a cluster in the one that is called `0`. */
async function newCluster() {
  const first = await startPostgres()
  await first.stop({ keepData: true })
  const root = dirname(first.dataDir)
  const dir = (name: string) => (name === '0' ? first.dataDir : join(root, name))
  return { dir, remove: () => rm(root, { recursive: true, force: true }) }
}

function startOn(
  dataDir: string,
  { port, settings }: { port?: number; settings?: Record<string, string> } = {},
): Promise<PostgresServer> {
  return startPostgres({ dataDir, persistent: true, port, settings: { shared_buffers: '64MB', ...settings } })
}

/** With owners and modes, which `fs.cp` does not keep. */
async function copyDir(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}
