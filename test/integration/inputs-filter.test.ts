/** A filter in memory means what it means in Postgres, which defines it. */
import fc from 'fast-check'
import pg from 'pg'
import { contains } from '../../src/store/containment.ts'
import { createDatabase } from '../support/database.ts'

/** Few keys and values, so that much contains much. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, 1, 1.5, 1e21, '', 'a', '1', 'null'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', ''), tie('value'), { maxKeys: 3 }),
  ),
}))

test('containment in memory equals that of jsonb', async () => {
  const pairs = fc.sample(
    fc.tuple(
      fc.dictionary(fc.constantFrom('a', 'b'), value, { maxKeys: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b'), value, { maxKeys: 2 }),
    ),
    20_000,
  )
  const { url } = await createDatabase()
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ contained: boolean }>(
    `select w.value @> p.value as contained
     from jsonb_array_elements($1::jsonb) with ordinality w (value, i) join jsonb_array_elements($2::jsonb) with ordinality p (value, i) using (i)
     order by i`,
    [JSON.stringify(pairs.map(([whole]) => whole)), JSON.stringify(pairs.map(([, part]) => part))],
  )
  await client.end()
  expect(rows).toHaveLength(pairs.length)
  const different = pairs.filter(
    ([whole, part], i) =>
      contains(JSON.parse(JSON.stringify(whole)), JSON.parse(JSON.stringify(part))) !== rows[i]!.contained,
  )
  expect(different.slice(0, 3)).toStrictEqual([])
  expect(rows.filter(({ contained }) => contained).length).toBeGreaterThan(1000)
})
