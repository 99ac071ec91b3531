/**
 * A process is killed (SIGKILL) at a random moment of put, putWrites, deleteThread or setup. FAULT_KILLS says how often.
 * What it was told is stored is there and whole; what it was not told is there whole, or not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { report } from '../support/figures.ts'
import { query } from '../support/fault-sql.ts'
import { idOf, schemaOf, threadOf, valuesOf, writesOf, type WriterOptions } from '../support/fault-writer.ts'
import { audit, Writer } from '../support/fault-writers.ts'
import { timesOf } from '../support/times.ts'

const KILLS = timesOf('FAULT_KILLS', 6)
/** Of ten kills, how many hit which work. */
const WORK: readonly WriterOptions['work'][] = [
  'write',
  'delete',
  'write',
  'set up',
  'write',
  'write',
  'delete',
  'write',
  'set up',
  'write',
]
const AT_A_TIME = 3
/** The longest that a writer lives once it began. */
const LONGEST_MS = { write: 100, delete: 60, 'set up': 300 }
const THREADS_TO_DELETE = 12

let database: TestDatabase
let direct: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  direct = new PgCheckpointer({ connection: database.url, schema, cacheBytes: 0 })
  await direct.setup()
})
afterAll(async () => {
  await direct.end()
  await database.drop()
})

interface Seen {
  kills: number
  acknowledged: number
  /** Done, though the process was killed before it was told. */
  unannounced: number
  lost: number
  torn: number
}

const checks: Record<WriterOptions['work'], (writer: Writer, seen: Seen) => Promise<void>> = {
  async write(writer, seen) {
    const { acknowledged, lost, torn } = await audit(direct, writer)
    seen.acknowledged += acknowledged
    seen.lost += lost
    seen.torn += torn
    const stored = await new TestThread(direct, '', writer.options.thread).list()
    seen.unannounced += stored.length - writer.count('put')
  },

  async delete(writer, seen) {
    const deleted = writer.said.get('deleted') ?? []
    for (let n = 0; n < THREADS_TO_DELETE; n++) {
      const left = await new TestThread(direct, '', threadOf(writer.options.thread, n)).list()
      const rows = await query(
        database.url,
        `select from "${schema}".parts where thread_id = $1 union all select from "${schema}".writes where thread_id = $1`,
        [threadOf(writer.options.thread, n)],
      )
      if (deleted.includes(n)) {
        seen.acknowledged++
        if (left.length > 0 || rows.length > 0) seen.lost++
      } else if (left.length === 0 && rows.length === 0) seen.unannounced++
      else if (!isWhole(left, threadOf(writer.options.thread, n))) seen.torn++
    }
  },

  async 'set up'(writer, seen) {
    const done = writer.said.get('set up') ?? []
    seen.acknowledged += done.length
    for (let n = 0; n <= done.length; n++) {
      const name = schemaOf(writer.options.schema, n)
      const [{ tables } = { tables: 0 }] = (await query(
        database.url,
        `select count(*)::int as tables from pg_tables where schemaname = $1`,
        [name],
      )) as { tables: number }[]
      const expected = 5 // threads, checkpoints, writes, parts, migrations
      if (done.includes(n) && tables !== expected) seen.lost++
      if (!done.includes(n) && tables === expected) seen.unannounced++
      if (tables !== 0 && tables !== expected) seen.torn++
      const next = new PgCheckpointer({ connection: { connectionString: database.url, max: 1 }, schema: name })
      const thread = new TestThread(next)
      await thread.put({ n })
      expect(await thread.values()).toEqual({ n })
      await next.end()
      await query(database.url, `drop schema "${name}" cascade`)
    }
  },
}

function isWhole(left: Awaited<ReturnType<TestThread['list']>>, thread: string): boolean {
  return (
    left.length === 2 &&
    left.every(
      ({ checkpoint, pendingWrites = [] }, i) =>
        JSON.stringify(checkpoint.channel_values) === JSON.stringify(valuesOf(thread, 1 - i)) &&
        pendingWrites.length === (i === 0 ? 3 : 0),
    )
  )
}

/** Threads of two checkpoints and pending writes, for a writer that will delete them. */
async function prepare({ work, thread }: WriterOptions): Promise<void> {
  if (work !== 'delete') return
  await Promise.all(
    Array.from({ length: THREADS_TO_DELETE }, async (_, n) => {
      const name = threadOf(thread, n)
      const stored = new TestThread(direct, '', name)
      await stored.put(valuesOf(name, 0), { id: idOf(0) })
      await stored.put(valuesOf(name, 1), { id: idOf(1) })
      await stored.write(idOf(1), writesOf(name, 1))
    }),
  )
}

test(`${KILLS} kills of a client leave whole checkpoints, and all that was acknowledged`, async () => {
  const seen = { write: newSeen(), delete: newSeen(), 'set up': newSeen() }
  const numbers = Array.from({ length: KILLS }, (_, i) => i)
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let i = numbers.shift(); i !== undefined; i = numbers.shift()) {
        const work = WORK[i % WORK.length] as WriterOptions['work']
        const options = {
          url: database.url,
          schema: work === 'set up' ? `kill_${i}` : schema,
          work,
          thread: `killed ${i}`,
        }
        const [writer] = await Promise.all([Writer.start(options), prepare(options)])
        writer.begin()
        await sleep(Math.random() * LONGEST_MS[work])
        if (writer.hasExited) throw new Error(`It ended by itself: ${writer.complaint}`)
        await writer.kill()
        seen[work].kills++
        await checks[work](writer, seen[work])
      }
    }),
  )
  report('client killed in put and putWrites', { ...seen.write })
  report('client killed in deleteThread', { ...seen.delete })
  report('client killed in setup', { ...seen['set up'] })
  for (const { lost, torn } of Object.values(seen)) expect([lost, torn]).toEqual([0, 0])
})

test('the audit notices checkpoints that are lost or incomplete', async () => {
  const writer = await Writer.start({ url: database.url, schema, work: 'write', thread: 'tampered' })
  writer.begin()
  await expect.poll(() => writer.count('write'), { timeout: 20_000 }).toBeGreaterThan(5)
  await writer.kill()
  expect(await audit(direct, writer)).toMatchObject({ lost: 0, torn: 0 })
  const where = `where thread_id = 'tampered' and checkpoint_id =`
  await query(database.url, `delete from "${schema}".checkpoints ${where} '${idOf(1)}'`)
  await query(database.url, `delete from "${schema}".writes ${where} '${idOf(2)}' and channel = 'n'`)
  await query(
    database.url,
    `update "${schema}".checkpoints set manifest = replace(manifest, '{"is":3}', '{"is":4}') ${where} '${idOf(3)}'`,
  )
  const seen = await audit(direct, writer)
  report('the same with rows tampered with', { ...seen })
  expect(seen).toMatchObject({ lost: 3, torn: 2 }) // checkpoint 1 and its writes, writes 2; writes 2 and checkpoint 3
})

function newSeen(): Seen {
  return { kills: 0, acknowledged: 0, unannounced: 0, lost: 0, torn: 0 }
}
