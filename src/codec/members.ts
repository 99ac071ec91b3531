/** The members of a list or an object, one after the other, as the encoder walks over them. */
import { setOwn } from './value/markers.ts'

export interface Members {
  readonly kind: 'list' | 'map'
  readonly container: object
  readonly length: number
  /** The JSON text of a member's key; '' in a list. */
  key(index: number): string
  value(index: number): unknown
  path(index: number): string
  /** A container of the members from `from` to before `to`. */
  slice(from: number, to: number): object
  /** How many members from `from` on are those of a group's tree. */
  countSame(from: number, wire: unknown, isSame: (value: unknown, wire: unknown) => boolean): number
}

export class ListMembers implements Members {
  readonly kind = 'list'
  readonly container: readonly unknown[]
  readonly #path: string

  constructor(list: readonly unknown[], path: string) {
    this.container = list
    this.#path = path
  }

  get length(): number {
    return this.container.length
  }

  key(): string {
    return ''
  }

  value(index: number): unknown {
    return this.container[index]
  }

  path(index: number): string {
    return `${this.#path}[${index}]`
  }

  slice(from: number, to: number): object {
    return this.container.slice(from, to)
  }

  countSame(from: number, wire: unknown, isSame: (value: unknown, wire: unknown) => boolean): number {
    if (!Array.isArray(wire)) return 0
    const most = Math.min(wire.length, this.length - from)
    let count = 0
    while (count < most && isSame(this.container[from + count], wire[count])) count++
    return count
  }
}

export class MapMembers implements Members {
  readonly kind = 'map'
  readonly container: Readonly<Record<string, unknown>>
  readonly #keys: readonly string[]
  readonly #path: string

  constructor(map: Record<string, unknown>, path: string) {
    this.container = map
    this.#keys = Object.keys(map)
    this.#path = path
  }

  get length(): number {
    return this.#keys.length
  }

  key(index: number): string {
    return JSON.stringify(this.#keys[index])
  }

  value(index: number): unknown {
    return this.container[this.#keys[index] as string]
  }

  path(index: number): string {
    return `${this.#path}.${this.#keys[index]}`
  }

  slice(from: number, to: number): object {
    const part: Record<string, unknown> = {}
    for (const key of this.#keys.slice(from, to)) setOwn(part, key, this.container[key])
    return part
  }

  countSame(from: number, wire: unknown, isSame: (value: unknown, wire: unknown) => boolean): number {
    if (typeof wire !== 'object' || wire === null || Array.isArray(wire)) return 0
    const entries = Object.entries(wire)
    const most = Math.min(entries.length, this.length - from)
    let count = 0
    for (; count < most; count++) {
      const [key, inner] = entries[count] as [string, unknown]
      if (this.#keys[from + count] !== key || !isSame(this.container[key], inner)) break
    }
    return count
  }
}
