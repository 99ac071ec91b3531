import type { Wire } from './markers.ts'
import type { ValueRules } from './limits.ts'
import type { PathSegment } from './refuse.ts'

/** What the writer of a special object needs from the walk that found the object. `WireWriter` is the walk. */
export interface ContainerWriter {
  readonly rules: ValueRules
  /** The wire tree of a value. */
  write(value: unknown): Wire
  /** The same for what the container holds at `segment`. */
  at(segment: PathSegment, value: unknown): Wire
  /** The same for a value that stands for the container, at its place. */
  inner(value: unknown): Wire
  /** An array of no subclass. */
  array(value: readonly unknown[]): Wire
  /** An ordinary object, escaped where it looks like a marker. */
  object(value: object): Wire
  /** The record itself if all its entries are plain, else a copy in which they are. */
  entries(record: Record<string, unknown>): Record<string, Wire>
  /** Refuses an object that has enumerable properties with symbols for keys. */
  checkKeys(value: object): void
  /** Notes that the text will have so many characters more. */
  count(characters: number): void
  /** Notes that the value will have so many elements or entries more. */
  countItems(items: number): void
  /** Notes that the container does not come back as what it is; refuses it where people ask for that. */
  lose(className: string, kind: string, keptAs: string): void
  /** Refuses the container. */
  refuse(kind: string): never
}
