/** Small neighbours of a list or an object that are stored in one part, as an array or an object. */
import { endsGroup } from './cut.ts'
import type { Part } from './part.ts'

export class Group {
  readonly part: Part
  #endsByContent: boolean | undefined

  constructor(part: Part) {
    this.part = part
  }

  /** Whether the group ends after its last member whatever comes next. Else it goes on if a small member follows. */
  get endsByContent(): boolean {
    return (this.#endsByContent ??= endsGroup(textOfLast(this.part.wire), this.part.size - 1))
  }
}

function textOfLast(wire: unknown): string {
  if (Array.isArray(wire)) return JSON.stringify(wire.at(-1))
  const [key, value] = Object.entries(wire as object).at(-1) ?? ['', null]
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`
}
