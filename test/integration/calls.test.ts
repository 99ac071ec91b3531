/** The functions as src/pg/calls/ declares them and as the database has them. */
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { CALLS, INNER_FUNCTIONS } from '../../src/pg/calls.ts'
import { sqlParametersOf } from '../../src/pg/function.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

const RESULTS = { json: 'text', jsons: 'SETOF text', parts: 'TABLE(name text, body text, bytes bytea)' } as const

interface Declared {
  readonly name: string
  readonly arguments: string
  readonly result: string
  readonly settings: readonly string[]
}

let database: TestDatabase
let declared: readonly Declared[]
beforeAll(async () => {
  database = await createDatabase()
  await using checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema })
  await checkpointer.setup()
  const client = new pg.Client(database.url)
  await client.connect()
  const { rows } = await client.query<Declared>(
    `select proname as name, pg_get_function_arguments(oid) as arguments, pg_get_function_result(oid) as result,
            coalesce(proconfig, '{}') as settings
     from pg_proc where pronamespace = (select oid from pg_namespace where nspname = $1) order by proname`,
    [testSchema],
  )
  declared = rows
  await client.end()
})
afterAll(() => database.drop())

test.each(CALLS)('$name takes and gives in the database what its declaration says', (called) => {
  const { name, answers } = called
  const found = declared.filter((each) => each.name === name)
  expect(found).toMatchObject([
    {
      arguments: sqlParametersOf(called)
        .map((parameter) => `p_${parameter.name} ${parameter.type}`)
        .join(', '),
      result: RESULTS[answers],
    },
  ])
})

test('the database has the declared functions, those that they call, and no others', () => {
  const names = [...CALLS.map(({ name }) => name), ...INNER_FUNCTIONS]
  expect(declared.map(({ name }) => name)).toStrictEqual(names.toSorted())
})

test('each function has a search_path of its own, but for those that only others call', () => {
  const without = declared.filter(({ settings }) => !settings.includes('search_path=pg_catalog, pg_temp'))
  expect(without.map(({ name }) => name)).toStrictEqual(INNER_FUNCTIONS)
})
