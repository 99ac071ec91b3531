import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** An account of the operating system to run Postgres as; undefined stands for the one that we run as. */
export type Account = { readonly uid: number; readonly gid: number } | undefined

/** Postgres refuses to run as root. For root (in a container, mostly) it runs as the user `nobody`, which every system has. */
export function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Whether `account` may enter every folder down to `path`, which it may not if the checkout is below /root. */
export async function reaches(account: Account, path: string): Promise<boolean> {
  if (!account) return true
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** A place for temporary files that `account` can reach. */
export async function temporaryRoot(account: Account): Promise<string> {
  for (const dir of [tmpdir(), '/tmp', '/var/tmp']) {
    if (await reaches(account, dir).catch(() => false)) return dir
  }
  return tmpdir()
}

/** Makes the directory and gives it to `account`. Where that can't reach it, a namesake below /tmp does instead. */
export async function makeDirFor(account: Account, wanted: string): Promise<string> {
  const dir = (await canMake(account, wanted)) ? wanted : join(await temporaryRoot(account), namesake(wanted))
  await mkdir(dirname(dir), { recursive: true })
  await mkdir(dir, { mode: 0o700 }).catch(unlessExists)
  if (!account) return dir
  const { uid } = await lstat(dir) // lstat: somebody may have put a link to elsewhere into /tmp
  if (uid !== account.uid && uid !== 0) throw new Error(`${dir} belongs to somebody else. Remove it and try again.`)
  await chown(dir, account.uid, account.gid)
  return dir
}

async function canMake(account: Account, dir: string): Promise<boolean> {
  for (let parent = dirname(resolve(dir)); ; parent = dirname(parent)) {
    try {
      return await reaches(account, parent)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

function namesake(dir: string): string {
  return `checkpointer-postgres-${createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12)}`
}
