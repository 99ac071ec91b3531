/** On what a run ran, so that its numbers mean something next year. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'

const PACKAGES = [
  '@langchain/langgraph',
  '@langchain/langgraph-checkpoint',
  '@langchain/langgraph-checkpoint-postgres',
  '@langchain/core',
  'pg',
]

export async function describeVersions(): Promise<Record<string, string>> {
  const { resolve } = createRequire(import.meta.url)
  const versionAt = async (path: string | URL): Promise<string> =>
    (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version
  const versions: Record<string, string> = {
    'langgraph-pg-checkpointer': await versionAt(new URL('../package.json', import.meta.url)),
  }
  for (const name of PACKAGES) versions[name] = await versionAt(resolve(`${name}/package.json`))
  return { ...versions, node: process.versions.node }
}

export function describeMachine(): string {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`
}
