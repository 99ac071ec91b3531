import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/**
 * Watches over a server process that this one started, and stops it when this one is gone, however it went:
 * returned, crashed, Ctrl-C or `kill -9`. Exit handlers don't run after the last.
 *
 * It is a shell that waits on a pipe which only we hold. The pipe closes when we end, so the shell wakes up,
 * stops the server and removes its temporary directories. Returns a function that sends the guard away.
 */
export function guard(pid: number, temporaryDirs: readonly string[]): () => void {
  if (process.platform === 'win32') return () => {}
  const shell = spawn('sh', ['-c', STOP_WHEN_ALONE, 'guard', String(pid), ...temporaryDirs], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // out of reach of the terminal's Ctrl-C
  })
  const pipe = shell.stdin as Socket
  for (const part of [shell, pipe]) {
    part.on('error', () => {}) // no shell, or one that somebody killed: nothing is lost but the watch
    part.unref() // neither keeps this process alive
  }
  return () => pipe.end('dismissed\n')
}

// A line means that all is well and the guard may go; end of file means that we are gone. In a container whose first
// process never collects the dead, a server that has ended stays in state Z.
const STOP_WHEN_ALONE = `
read -r _ && exit
server=$1
shift
kill -INT "$server" 2>/dev/null
tries=300
while [ $((tries -= 1)) -gt 0 ] && kill -0 "$server" 2>/dev/null && ! grep -qs '^State:.*Z' "/proc/$server/status"; do
  sleep 0.1
done
rm -rf "$@"
`
