/**
 * Runs the tests on an earlier line of LangGraph: `npm run test:1.4 -- <what vitest takes>`.
 *
 * The whole checkout is copied to .lines/<line> and installed there, with the versions of <line>.json instead of those of
 * package.json. So everything that runs there finds only these versions: LangGraph's own imports, those of src, and the
 * programs that tests start. All other packages have the versions of package-lock.json.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Versions = Readonly<Record<string, string>>
interface Manifest {
  devDependencies: Record<string, string>
  overrides?: Record<string, string>
}
interface Lock {
  packages: Record<string, { version?: string }>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const INSTALLED = '.installed' // in node_modules: the hash of what was installed there
const NOT_COPIED: ReadonlySet<string> = new Set(['.git', '.lines', '.demo', 'dist', 'node_modules'])

const [line, ...args] = process.argv.slice(2)
if (line === undefined) throw new Error('Say which line: tsx test/lines/run.ts 1.4')
const versions = await readJson<Versions>(join(root, `test/lines/${line}.json`))
const dir = join(root, '.lines', line)

await copySources()
await install()
run(join(dir, 'node_modules/.bin/tsc'), ['--noEmit']) // src against the types of this line
run(join(dir, 'node_modules/.bin/vitest'), ['run', '--config', 'test/vitest.config.ts', ...args])

/** Makes the copy equal to the checkout, and leaves what is installed there. */
async function copySources(): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const name of await readdir(dir)) {
    if (name !== 'node_modules') await rm(join(dir, name), { recursive: true })
  }
  for (const name of await readdir(root)) {
    if (!NOT_COPIED.has(name)) await cp(join(root, name), join(dir, name), { recursive: true })
  }
  const manifest = await readJson<Manifest>(join(dir, 'package.json'))
  for (const [name, version] of Object.entries(versions)) {
    if (name in manifest.devDependencies) manifest.devDependencies[name] = version
    else (manifest.overrides ??= {})[name] = version // LangGraph brings it
  }
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest, null, 2))
}

/** Installs, unless the same is installed already. */
async function install(): Promise<void> {
  const wanted = createHash('sha256')
  for (const name of ['package.json', 'package-lock.json']) wanted.update(await readFile(join(dir, name)))
  const hash = wanted.digest('hex')
  const stamp = join(dir, 'node_modules', INSTALLED)
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === hash) return

  run('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'])
  await checkLock()
  run('npm', ['ci', '--no-audit', '--no-fund'])
  await writeFile(stamp, hash)
}

/** @throws Error if a package of this line would be installed in another version, beside the wanted one or instead of it */
async function checkLock(): Promise<void> {
  const { packages } = await readJson<Lock>(join(dir, 'package-lock.json'))
  for (const [path, { version }] of Object.entries(packages)) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const wanted = versions[name]
    if (wanted !== undefined && wanted !== version) {
      throw new Error(`${path} would be ${version}, but ${basename(dir)}.json says ${wanted}.`)
    }
  }
}

function run(command: string, commandArgs: readonly string[]): void {
  const { status, error } = spawnSync(command, commandArgs, { cwd: dir, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

async function readJson<Shape>(file: string): Promise<Shape> {
  return JSON.parse(await readFile(file, 'utf8')) as Shape
}
