/** This package as npm delivers it, in projects of other people. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface PackedPackage {
  /** The directory of what npm would pack, built from the present sources. */
  readonly dir: string
  /** The files of the tarball. */
  readonly files: readonly string[]
  readonly remove: () => Promise<void>
}

/** Builds the package and keeps of it what npm would put into the tarball, without touching `dist/`. */
export async function packPackage(): Promise<PackedPackage> {
  const scratch = await mkdtemp(join(tmpdir(), 'checkpointer-package-'))
  const [whole, dir] = [join(scratch, 'whole'), join(scratch, 'packed')]
  const { files: listed } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const needed = ['package.json', 'tsconfig.json', 'tsconfig.cjs.json', 'README.md', 'LICENSE']
  const sources = listed.filter((pattern) => pattern !== 'dist').map((pattern) => pattern.replace('/*.ts', ''))
  for (const name of [...needed, ...sources]) await cp(join(root, name), join(whole, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(whole, 'node_modules'), 'junction')
  await run('npm', ['run', 'build'], whole)
  const said = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], whole)
  const [{ files }] = JSON.parse(said) as [{ files: { path: string }[] }]
  for (const { path } of files) await cp(join(whole, path), join(dir, path))
  return {
    dir,
    files: files.map(({ path }) => path),
    remove: () => rm(scratch, { recursive: true, force: true }),
  }
}

/**
 * Makes a project that has installed the packed package, beside the other packages of this repository.
 * @param without packages that the project lacks, such as `@types/pg`
 */
export async function newProject(packed: PackedPackage, without: readonly string[] = []): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'checkpointer-project-'))
  const modules = join(project, 'node_modules')
  for (const name of await packageNames(join(root, 'node_modules'))) {
    if (without.includes(name)) continue
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name), 'junction')
  }
  // A real copy: a link would be resolved, and the packages around this repository found from there.
  await cp(packed.dir, join(modules, 'langgraph-pg-checkpointer'), { recursive: true })
  return project
}

/** Runs a program to its end. Gives what it prints; rejects with that if it fails. */
export async function run(program: string, args: readonly string[], cwd: string, env = {}): Promise<string> {
  const running = promisify(execFile)(program, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env } })
  const { stdout } = await running.catch(({ stdout: out = '', stderr = '', message }) => {
    throw new Error(`${message}\n${out}\n${stderr}`)
  })
  return stdout
}

async function packageNames(modules: string): Promise<string[]> {
  const names = (await readdir(modules)).filter((name) => !name.startsWith('.'))
  const scoped = names.filter((name) => name.startsWith('@'))
  const inScopes = await Promise.all(
    scoped.map(async (scope) => (await readdir(join(modules, scope))).map((name) => `${scope}/${name}`)),
  )
  return [...names.filter((name) => !name.startsWith('@')), ...inScopes.flat()]
}
