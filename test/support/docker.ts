import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

let answer: Promise<boolean> | undefined

/** Whether a Docker engine answers within a second. The client alone is no use. */
export function dockerAnswers(): Promise<boolean> {
  answer ??= promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 900 }).then(
    ({ stdout }) => /^\d/.test(stdout),
    () => false,
  )
  return answer
}
