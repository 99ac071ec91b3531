/** A filter over all threads finds what jsonb's `@>` finds, though Postgres looks for a text before it parses. */
import fc from 'fast-check'
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { toJsonbText } from '../../src/codec/jsonb-text.ts'
import { stringifyValue } from '../../src/codec/value.ts'
import { needleOf } from '../../src/store/needle.ts'
import { collect, idOf, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

const schema = `"${testSchema.replaceAll('"', '""')}"`

let database: TestDatabase
let pool: pg.Pool
let checkpointer: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  pool = new pg.Pool({ connectionString: database.url })
  checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema })
  await checkpointer.setup()
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

/** Texts and numbers with more than one spelling in JSON, and texts that stand in one another. */
const texts = [
  '',
  'a',
  'ab',
  'b"',
  '\\',
  'a/b',
  'é',
  '\u{1f600}',
  '\n',
  '\0',
  '\ud800',
  '\uf8ff',
  '1',
  'true',
  'x'.repeat(300),
]
const numbers = [0, -0, 1, 10, -1, 1.5, 1e21, 100_000, 2 ** 53]
const scalar = fc.constantFrom<unknown>(...texts, ...numbers, null, true, false)
const key = fc.constantFrom('a', 'b', 'é', '"', '$', '')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
}))
const metadata = fc.dictionary(key, value, { maxKeys: 3 })

test('filters of any form find what @> finds, with a needle and without', async () => {
  const stored = fc.sample(metadata, { numRuns: 1500, seed: 13 })
  const threads = Array.from({ length: 30 }, () => new TestThread(checkpointer))
  for (const [i, some] of stored.entries()) await threads[i % 30]!.put({}, { metadata: some })
  // Most of them pieces of what is stored, so that much is found.
  const piecesOf = (whole: Record<string, unknown>) => Object.fromEntries(Object.entries(whole).slice(0, 1))
  const filters = [...fc.sample(metadata, { numRuns: 150, seed: 14 }), ...stored.slice(0, 400).map(piecesOf)]
  let [found, withNeedle] = [0, 0]
  for (const filter of filters.filter((each) => Object.keys(each).length > 0)) {
    // Not one of the forms that an object with one key with a dollar may have: the filter as it is.
    const text = toJsonbText(stringifyValue(filter, 'filter'))
    if (text.includes('"$')) continue
    const { rows } = await pool.query<{ id: string }>(
      `select checkpoint_id as id from ${schema}.checkpoints where metadata::jsonb @> $1::jsonb order by checkpoint_id desc`,
      [text],
    )
    const listed = await collect(checkpointer.list({}, { filter }))
    expect(listed.map(idOf), `filter: ${text}`).toStrictEqual(rows.map(({ id }) => id))
    found += rows.length
    if (needleOf([text]) !== undefined && rows.length > 0) withNeedle++
  }
  expect(found).toBeGreaterThan(1000)
  expect(withNeedle).toBeGreaterThan(50)
})

test('pages over all threads are found whole, whichever pass finds them', async () => {
  const mark = 'pages over all threads'
  const threads = Array.from({ length: 10 }, () => new TestThread(checkpointer))
  const ids: string[] = []
  for (let i = 0; i < 2300; i += threads.length) {
    const puts = threads.map((thread, j) =>
      thread.put({ i }, { metadata: { mark, third: (i + j) % 3, early: i + j < 250 } }),
    )
    ids.unshift(...(await Promise.all(puts)).toReversed())
  }
  const list = async (filter: Record<string, unknown>, limit?: number) =>
    (await collect(checkpointer.list({}, { filter, ...(limit === undefined ? {} : { limit }) }))).map(idOf)
  const thirds = ids.filter((_, i) => (2299 - i) % 3 === 1)
  const early = ids.slice(-250)
  // The needle stands in all 2,300; the first thousand hold enough, or none of what is asked for.
  expect(await list({ mark })).toStrictEqual(ids)
  expect(await list({ mark, third: 1 })).toStrictEqual(thirds)
  expect(await list({ mark, third: 1 }, 5)).toStrictEqual(thirds.slice(0, 5))
  expect(await list({ mark, early: true })).toStrictEqual(early)
  expect(await list({ early: true }, 7)).toStrictEqual(early.slice(0, 7))
  expect(await list({ mark, third: 3 })).toStrictEqual([])
})

test('a page over all threads is one statement', async () => {
  const threads = Array.from({ length: 3 }, () => new TestThread(checkpointer))
  for (let i = 0; i < 60; i++) await threads[i % 3]!.put({ i }, { metadata: { page: 'of one statement' } })
  const before = checkpointer.stats().statements
  expect(await collect(checkpointer.list({}, { filter: { page: 'of one statement' } }))).toHaveLength(60)
  expect(checkpointer.stats().statements - before).toBe(1)
})
