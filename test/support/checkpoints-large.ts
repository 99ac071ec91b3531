/** A program: 300 MB in one checkpoint, written and read back by a process of its own, which says what it took. */
import { PgCheckpointer } from '../../src/index.ts'
import { numberedLines, TestThread } from './checkpoints.ts'

const [connection = '', schema = ''] = process.argv.slice(2)
const MB = 1024 * 1024

const values = {
  ...Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`text${i}`, `${i} ${numberedLines(50 * MB)}`])),
  bytes: new Uint8Array(Buffer.from(`bytes ${numberedLines(50 * MB)}`)),
  list: Array.from({ length: 25 }, (_, i) => ({ i, text: `${i} ${numberedLines(2 * MB)}` })),
}

await using writer = new PgCheckpointer({ connection, schema })
const thread = new TestThread(writer)
await thread.put(values)
const id = thread.last!
await thread.put({ ...values, small: 1 })

await using reader = new PgCheckpointer({ connection, schema })
const read = (await new TestThread(reader, '', thread.threadId).values(id)) as typeof values
const isSame = Object.entries(values).every(([channel, value]) => {
  const other = read[channel as keyof typeof values]
  if (typeof value === 'string') return other === value
  if (value instanceof Uint8Array) return Buffer.compare(value, other as unknown as Uint8Array) === 0
  return JSON.stringify(other) === JSON.stringify(value)
})
console.log(JSON.stringify({ isSame, maxRssMb: Math.round(process.resourceUsage().maxRSS / 1024) }))
await writer.deleteThread(thread.threadId)
