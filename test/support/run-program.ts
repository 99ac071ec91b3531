import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a TypeScript file in a process of its own, as a user would. Gives what it prints; rejects if it fails. */
export async function runProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root, // its tsconfig.json says where langgraph-pg-checkpointer is
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
  return stdout
}

/** The same for code from a document, written down as a program of somebody who has installed this package. */
export async function runCode(code: string, env: NodeJS.ProcessEnv): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'checkpointer-code-'))
  try {
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'), 'junction')
    await writeFile(join(dir, 'program.mts'), code)
    return await runProgram(join(dir, 'program.mts'), [], env)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
