/** How a value is refused: which one, what it is, and what to do instead. */

import { UnserializableValueError } from '../../errors.ts'

/** A step from a container to what it holds: a key, an index, one side of a Map's entry; null for what stands for it. */
export type PathSegment = string | number | readonly [index: number, side: 'key' | 'value'] | null

/** `prefix` continued as a JSON path: `$.messages[3]["two words"]`. */
export function formatPath(prefix: string, segments: readonly PathSegment[]): string {
  let path = prefix
  for (const segment of segments) {
    if (segment === null) continue
    if (typeof segment === 'number' || /^(?:0|[1-9]\d*)$/.test(String(segment))) path += `[${String(segment)}]`
    else if (typeof segment !== 'string') path += `[${segment[0]}].${segment[1]}`
    else if (/^[A-Za-z_][\w-]*$/.test(segment)) path += `.${segment}`
    else path += `[${JSON.stringify(segment)}]`
  }
  return path
}

const PLAIN_OBJECT =
  'Register it with the option classes, or convert it to a plain object before returning it from the node.'
const LEAVE_OUT =
  'Leave it out of the state: keep it in the config, the context or a module, and store what it is made from.'

/** What to do about a value that can't be stored, by its kind. */
function remedyFor(kind: string): string {
  if (kind.startsWith('class ') || kind.endsWith(' of its own') || kind === 'Proxy') return PLAIN_OBJECT
  if (kind.startsWith('bigint ')) return 'Store it as bytes.'
  switch (kind) {
    case 'cycle':
      return 'Break it: store an id in place of the reference back.'
    case 'symbol':
      return 'Store a string in its place.'
    case 'symbol-keyed property':
      return 'Store it under an ordinary key, or leave it out.'
    case 'piece of shared or resizable memory':
      return 'Store a copy of the bytes (slice()).'
    case 'boxed primitive':
      return 'Store the primitive itself.'
    case 'Promise':
      return 'Await it before returning it from the node.'
    case 'generator or iterator':
      return 'Collect it into an array before returning it from the node.'
    default:
      return LEAVE_OUT
  }
}

export function refusal(path: string, kind: string, options?: ErrorOptions): UnserializableValueError {
  return new UnserializableValueError(path, kind, remedyFor(kind), options)
}
