import { execFile } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { startPostgres, type PostgresServer } from '../../examples/support/embedded-postgres.ts'

/** A Postgres of our own that crashes when told to, and comes back on the same port with the same data. */
export interface CrashingPostgres {
  readonly url: string
  /**
   * - `kill` SIGKILL to the server and all its processes: what is in its memory is gone
   * - `kill one` SIGKILL to one backend: the server ends all others and recovers by itself
   * - `fast restart` what an administrator does: connections end with 57P01
   * Resolves when it answers again.
   */
  crash(how: Crash): Promise<void>
  stop(): Promise<void>
}

export type Crash = 'kill' | 'kill one' | 'fast restart'

export async function startCrashingPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<CrashingPostgres> {
  // The first start makes the cluster; from then on its directory outlives each server.
  const first = await startPostgres({ settings })
  await first.stop({ keepData: true })
  const { dataDir, port } = first
  const start = (): Promise<PostgresServer> => startPostgres({ dataDir, port, settings, persistent: true })
  let server = await start()
  return {
    url: server.url,
    async crash(how) {
      if (how === 'kill one') {
        const children = (await allProcesses()).filter(({ parent }) => parent === server.pid)
        const backends = children.filter(({ title }) => title.includes('127.0.0.1(')) // those of clients say where they are
        const victim = backends[Math.floor(Math.random() * backends.length)]
        if (victim === undefined) throw new Error('There is no backend to kill.')
        kill(victim.pid)
        return
      }
      if (how === 'kill') await killAll(server)
      await server.stop() // of one that is dead, it cleans up
      server = await start()
    },
    async stop() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** SIGKILL to a server and all its processes. */
export async function killAll({ pid }: PostgresServer): Promise<void> {
  const children = (await allProcesses()).filter(({ parent }) => parent === pid)
  for (const process of [pid, ...children.map((child) => child.pid)]) kill(process)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it has ended by itself
  }
}

interface ProcessLine {
  readonly pid: number
  readonly parent: number
  readonly title: string
}

/** From /proc where there is one: `ps` is not installed everywhere. */
async function allProcesses(): Promise<ProcessLine[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command='])
    return stdout.split('\n').map((line) => {
      const [, pid, parent, title = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      return { pid: Number(pid), parent: Number(parent), title }
    })
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const [stat, title] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile(`/proc/${pid}/cmdline`, 'utf8'),
      ]).catch(() => ['', ''])
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat ?? '')?.[1]
      return { pid: Number(pid), parent: Number(parent), title: title ?? '' }
    }),
  )
  return lines
}
