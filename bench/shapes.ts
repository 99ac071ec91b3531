/** States of other shapes and sizes than the conversation: what the sweep puts, and how it changes them. */
import { messageAt, messageBeside } from './conversation.ts'
import { prose, randomNumbers } from './text.ts'

/** One channel, `state`, a list or an object of many members, and how it changes. None changes what it is given. */
export interface Shape {
  readonly name: string
  readonly make: () => Members
  /** A member that was not there before, another one for each number. */
  readonly member: (i: number) => unknown
  /** What is measured; all, where the state is not too large to be written often. */
  readonly changes?: readonly Change[]
}

export type Members = readonly unknown[] | Readonly<Record<string, unknown>>

export const CHANGES = ['append', 'counter', 'edit', 'trim', 'read here', 'read elsewhere'] as const
/**
 * `append`: one more member. `counter`: nothing in the state, but a number in another channel. `edit`: a member in the middle is another.
 * `trim`: the first members are gone. `read here`, `read elsewhere`: one more member, in a state that this process, or another,
 * has just read from the store.
 */
export type Change = (typeof CHANGES)[number]

const LENGTH = 500

const messagesOf = (chars: number, length: number = LENGTH): Shape => ({
  name: `${length} messages of ${chars} characters`,
  make: () => Array.from({ length }, (_, i) => messageAt(i, chars)),
  member: (i) => messageBeside(i, chars),
})

/** Of four messages one is a tool's; of those, every other one is long: 5 to 50 KB. The others have 40 to 400 characters. */
function charsInMix(i: number): number {
  const at = randomNumbers(5_000_000 + i)()
  return i % 8 === 2 ? 5000 + Math.floor(at * 45_000) : 40 + Math.floor(at * 360)
}

const documentsOf = (length: number, changes: readonly Change[] = CHANGES): Shape => ({
  name: `${length} documents of 0.9 KB`,
  make: () => Array.from({ length }, (_, i) => documentAt(i)),
  member: (i) => documentAt(1_000_000 + i),
  changes,
})

function documentAt(i: number): unknown {
  return { id: `document-${i}`, tags: ['bench', `group-${i % 10}`], text: prose(6_000_000 + i, 860) }
}

function vectorAt(i: number): number[] {
  const random = randomNumbers(7_000_000 + i)
  return Array.from({ length: 256 }, () => random() * 2 - 1)
}

const FILE_CHARS = 1500
const fileAt = (i: number) => prose(8_000_000 + i, FILE_CHARS)

export const SHAPES: readonly Shape[] = [
  ...[100, 300, 600, 1000, 2000].map((chars) => messagesOf(chars)),
  messagesOf(10_000, 100),
  messagesOf(150, 2000),
  {
    name: `${LENGTH} messages as they come: mostly short, some of 5 to 50 KB`,
    make: () => Array.from({ length: LENGTH }, (_, i) => messageAt(i, charsInMix(i))),
    member: (i) => messageBeside(i, charsInMix(i)),
  },
  documentsOf(100),
  documentsOf(1000),
  documentsOf(10_240, ['counter']),
  {
    name: '1000 vectors of 256 numbers',
    make: () => Array.from({ length: 1000 }, (_, i) => vectorAt(i)),
    member: (i) => vectorAt(1_000_000 + i),
    changes: ['append', 'counter', 'edit', 'trim'],
  },
  {
    name: `${LENGTH} files of 1.5 KB by path`,
    make: () => Object.fromEntries(Array.from({ length: LENGTH }, (_, i) => [`src/file-${i}.ts`, fileAt(i)])),
    member: (i) => fileAt(1_000_000 + i),
  },
  {
    name: '1000 counters by name',
    make: () => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`counter ${i}`, i])),
    member: (i) => 1_000_000 + i,
  },
]

/** The state after a change, whose round has a number; the members that stay are the same objects. */
export function changed(shape: Shape, members: Members, change: Change, round: number): Members {
  const entries = Object.entries(members)
  const made = Array.isArray(members)
    ? (list: readonly (readonly [string, unknown])[]) => list.map(([, member]) => member)
    : (list: readonly (readonly [string, unknown])[]) => Object.fromEntries(list)
  const fresh = [`new ${round}`, shape.member(round)] as const
  const middle = Math.floor(entries.length / 2)
  switch (change) {
    case 'counter':
      return members
    case 'edit':
      return made(entries.with(middle, [entries[middle]?.[0] ?? '', fresh[1]]))
    case 'trim':
      return made(entries.slice(10 + round))
    default:
      return made([...entries, fresh])
  }
}
