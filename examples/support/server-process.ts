import { spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { guard } from './guard.ts'

export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  /** As `spawn` of Node takes them: account, environment, where its output goes. */
  readonly options?: Pick<SpawnOptions, 'uid' | 'gid' | 'env' | 'stdio'>
  /** Removed if this process ends before it could stop the server. */
  readonly temporaryDirs?: readonly string[]
}

/** A server program that runs, and that does not outlive this process. */
export interface ServerProcess {
  readonly pid: number
  readonly hasExited: boolean
  readonly exited: Promise<void>
  /** Sends the signal, unless the server has ended by itself, and waits for its end. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>
}

/**
 * Starts a server program. There is a `ServerProcess` only for a program that could be started: a child without a pid
 * must never be signalled, as Node 20 then signals pid 0, which is this process and its whole group.
 * @throws Error of `spawn`; its `code` is ENOENT where there is no such program
 */
export async function startServer({
  program,
  args,
  options,
  temporaryDirs = [],
}: ServerCommand): Promise<ServerProcess> {
  const child = spawn(program, args, {
    stdio: 'ignore',
    ...options,
    detached: true, // Ctrl-C is for us; the guard stops the server once we have ended
  })
  const exited = new Promise<void>((done) => void child.once('exit', () => done()))
  await once(child, 'spawn') // rejects with what is emitted as `error` instead
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} was started without a pid.`)
  child.on('error', () => {}) // a signal that could not be sent; `exited` tells whether it mattered
  child.unref() // a script that forgets to stop it can end nevertheless
  const dismissGuard = guard(pid, temporaryDirs)
  return {
    pid,
    exited,
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null
    },
    async stop(signal) {
      child.kill(signal)
      child.ref()
      await exited
      dismissGuard()
    },
  }
}
