import type { Wire } from './markers.ts'
import type { PathSegment } from './refuse.ts'

/** What the writer of a special object needs from the walk that found the object. `WireWriter` is the walk. */
export interface ContainerWriter {
  /** The wire tree of a value. */
  write(value: unknown): Wire
  /** The same for what the container holds at `segment`. */
  at(segment: PathSegment, value: unknown): Wire
  /** An ordinary object, escaped where it looks like a marker. */
  object(value: object): Wire
  /** The record itself if all its entries are plain, else a copy in which they are. */
  entries(record: Record<string, unknown>): Record<string, Wire>
  /** Refuses an object with properties that would be lost. */
  checkKeys(value: object): void
  /** Notes that the text will have so many characters more. */
  count(characters: number): void
  /** Refuses the container. */
  refuse(kind: string): never
}
