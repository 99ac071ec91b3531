import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until something is so, and fails only when that takes so long that it will not happen.
 * @throws Error that says what was waited for
 */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string, ms = 30_000): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(2)) if (await isSo()) return
  throw new Error(`It took more than ${ms} ms until ${what}.`)
}
