import type { LostClass } from './limits.ts'

/** More names than a program has classes; beyond them nothing is told. */
const MOST = 1000

/** Classes whose instances don't come back as themselves, each told once: as a process warning, and to a listener. */
export class LostClasses {
  readonly #names = new Set<string>()
  readonly #tell: ((lost: LostClass) => void) | undefined

  constructor(tell?: (lost: LostClass) => void) {
    this.#tell = tell
  }

  has(className: string): boolean {
    return this.#names.has(className) || this.#names.size >= MOST
  }

  note(lost: LostClass): void {
    const { className, keptAs, path } = lost
    if (this.has(className)) return
    this.#names.add(className)
    process.emitWarning(
      `${path} is an instance of ${className}, which is not registered: it is stored as ${keptAs}, and comes back as that. ` +
        'Register the class with the option classes to get instances back, or convert it yourself.',
      { type: 'CheckpointerWarning', code: 'LANGGRAPH_PG_CLASS_LOST' },
    )
    this.#tell?.(lost)
  }
}
