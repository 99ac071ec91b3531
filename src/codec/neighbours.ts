import type { Part } from './part.ts'

/** So many elements may stay in memory because the first of them does. */
const NEIGHBOURS = 16

/** Elements that stood side by side in a list, each with a part of its own. */
export class Neighbours {
  readonly elements: object[] = []
  readonly parts: Part[] = []

  get isFull(): boolean {
    return this.elements.length === NEIGHBOURS
  }

  add(element: object, part: Part): void {
    this.elements.push(element)
    this.parts.push(part)
  }
}
