/** An array of this length that has only these elements. */
export function withHoles(length: number, elements: Readonly<Record<number, unknown>>): unknown[] {
  return Object.assign([], elements, { length })
}
