/**
 * Another role may create objects in a schema on the application's search_path, such as functions and operators whose types
 * match more closely than those of Postgres (CVE-2018-1058). None of them is called. And: which rights the application needs.
 */
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { CALLS } from '../../src/pg/calls.ts'
import { sqlParametersOf, statementFor, type PgFunction } from '../../src/pg/function.ts'
import { functionStatements } from '../../src/pg/migrations.ts'
import { TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

const ATTACKED = 'the attacker was called'
/** Without the search_path of its functions. */
const UNGUARDED = 'unguarded'

/** Functions and operators, by the types of their arguments and what they return, that match more closely than built-in ones. */
const FUNCTIONS = [
  ['unnest', 'text[]', 'setof text'],
  ['cardinality', 'text[]', 'integer'],
  ['convert_from', 'bytea, text', 'text'],
  ['array_fill', 'integer, integer[]', 'integer[]'],
  ['array_fill', 'text, integer[]', 'text[]'],
  ['json_build_array', 'bigint, json', 'json'],
  ['json_build_array', 'boolean, json', 'json'],
  ['json_build_array', 'text, text, text', 'json'],
  ['json_build_array', 'text, text, json', 'json'],
  ['json_build_array', 'text, integer, text, text, text', 'json'],
  ['json_build_array', 'text, integer, text, text, text, text', 'json'],
  ['json_build_array', 'text, text, text, bigint, text, text, text, text, json, json', 'json'],
  // As in pg_catalog, which is searched first.
  ['strpos', 'text, text', 'integer'],
  ['left', 'text, integer', 'text'],
  ['floor', 'numeric', 'numeric'],
  ['string_to_array', 'text, text', 'text[]'],
  ['json_array_elements', 'json', 'setof json'],
] as const
const OPERATORS = [
  ['*', 'numeric', 'integer', 'numeric'],
  ['||', 'text', 'bigint', 'text'],
  ['||', 'text[]', 'text', 'text[]'],
  ['<>', 'text[]', 'text[]', 'boolean'],
  ['=', 'text', 'text', 'boolean'],
  ['@>', 'jsonb', 'jsonb', 'boolean'],
] as const

let database: TestDatabase
let admin: pg.Client
let application: pg.Client
let names: { readonly attacker: string; readonly application: string }
const checkpoints = new Map<string, string>()

beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
  const suffix = new URL(database.url).pathname.slice(1)
  names = { attacker: `attacker_${suffix}`, application: `application_${suffix}` }
  await admin.query(`create role ${names.attacker}; create role ${names.application} login password 'secret';
                     grant create, usage on schema public to ${names.attacker}`)
  for (const schema of [testSchema, UNGUARDED]) {
    await using checkpointer = new PgCheckpointer({ connection: database.url, schema })
    const thread = new TestThread(checkpointer, '', 'thread')
    await thread.write(await thread.put({ x: 1 }), [['x', 1]])
    checkpoints.set(schema, await thread.put({ list: Array.from({ length: 40 }, (_, i) => textOf(i, 2000)) }))
    await admin.query(`grant usage on schema "${schema}" to ${names.application};
      grant select, insert, update, delete on all tables in schema "${schema}" to ${names.application};
      revoke insert, update, delete on "${schema}".migrations from ${names.application}`)
  }
  for (const statement of functionStatements(UNGUARDED))
    await admin.query(statement.replace(' set search_path = pg_catalog, pg_temp', ''))
  await admin.query(`set role ${names.attacker}`)
  const body = `language plpgsql as $$ begin raise exception '${ATTACKED}'; end $$`
  for (const [name, types, result] of FUNCTIONS)
    await admin.query(`create function public.${name}(${types}) returns ${result} ${body}`)
  for (const [operator, left, right, result] of OPERATORS) {
    await admin.query(`create or replace function public.operated(${left}, ${right}) returns ${result} ${body};
      create operator public.${operator} (leftarg = ${left}, rightarg = ${right}, function = public.operated)`)
  }
  await admin.query('reset role')
  application = new pg.Client(applicationUrl())
  await application.connect()
  await application.query('set search_path = public, "$user"')
})
afterAll(async () => {
  await application.end()
  await admin.query(`drop owned by ${names.attacker}, ${names.application} cascade;
                     drop role ${names.attacker}, ${names.application}`)
  await admin.end()
  await database.drop()
})

function applicationUrl(): string {
  return Object.assign(new URL(database.url), { username: names.application, password: 'secret' }).href
}

const part = { names: ['vAAAAAAAAAAAAAAAAAAAAAA'], offsets: [0, 6], blob: Buffer.from('"text"') }
const noProof = { run_generation: null, generation: null, proof: null, write_proof: null }
const missing = '{"checkpoints":[["",1,""]],"writes":[["","","","0",""]],"parts":["vBBBBBBBBBBBBBBBBBBBBBB"]}'

/** Arguments with which a function does as much as it can. */
function argumentsOf(schema: string): Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> {
  const thread = { tenant: '', thread: 'thread' }
  const place = { ...thread, ns: '' }
  const checkpoint = checkpoints.get(schema)
  const put = {
    ...place,
    checkpoint: 'put',
    parent: checkpoint,
    run: null,
    header: '{"v":4}',
    manifest: '{\n}',
    conditional: ['"x":1'],
    metadata: '{}',
    digest: 'digest',
    ...noProof,
    more_proofs: null,
    ...part,
  }
  const writes = {
    ...place,
    checkpoint,
    task: 'task',
    path: '',
    idx: [1],
    channels: ['x'],
    values: ['{}'],
    digests: [''],
    ...noProof,
    more_proofs: null,
    ...part,
  }
  return {
    put_1: [put, { ...put, digest: 'other' }, { ...put, more_proofs: missing }, { ...put, thread: 'new' }],
    put_writes_1: [writes, { ...writes, more_proofs: missing }, { ...writes, thread: 'also new' }],
    put_parts_1: [{ ...thread, run_generation: null, generation: null, ...part }],
    head_1: [
      { ...place, checkpoint: null },
      { ...place, checkpoint },
    ],
    read_1: [{ ...place, checkpoint: null, parts: 100 }],
    parts_1: [{ ...thread, names: part.names, limit: 10 }],
    list_1: [{ ...place, checkpoint: null, before: checkpoint, below_seq: null, filters: ['{"step":0}'], limit: 5 }],
    list_all_1: [
      {
        tenant: '',
        ns: null,
        checkpoint: null,
        before: 'z',
        below_id: 'z',
        below_thread: 'z',
        below_ns: 'z',
        filters: ['{"step":0}'],
        needle: '"step":0',
        limit: 5,
      },
    ],
    history_1: [{ ...place, checkpoint: null, channels: ['x'], keys: ['"x":'] }],
    deleted_generation_1: [thread],
    delete_thread_1: [{ tenant: '', thread: 'put away', deleted_generation: 0, names_limit: 10 }],
  }
}

/** @returns whether the attacker was called */
async function isAttacked(called: PgFunction, schema: string): Promise<boolean> {
  let attacks = 0
  for (const args of argumentsOf(schema)[called.name] ?? []) {
    const list = sqlParametersOf(called).map(({ name }) => {
      if (args[name] === undefined) throw new Error(`${called.name} needs ${name}.`)
      return args[name]
    })
    await application.query(statementFor(called, schema), list).catch((error: Error) => {
      if (error.message !== ATTACKED) throw error
      attacks++
    })
  }
  return attacks > 0
}

test.each(CALLS)('$name calls nothing that another role made', async (called) => {
  expect(argumentsOf(testSchema)[called.name]).toBeDefined()
  expect(await isAttacked(called, testSchema)).toBe(false)
})

test('health(), setup() and what looks at the schema call nothing that another role made', async () => {
  const options = '-c search_path=public'
  const connection = { connectionString: applicationUrl(), options }
  await using checkpointer = new PgCheckpointer({ connection, schema: testSchema, retryMs: 0 })
  await checkpointer.setup()
  expect(await checkpointer.health()).toMatchObject({ healthy: true, postgres: { missingRights: [] } })
})

test.each(CALLS)('$name without a search_path of its own would be attacked', async (called) => {
  // deleted_generation_1 uses nothing but `=` of texts, and no type is closer to a text than text.
  expect(await isAttacked(called, UNGUARDED)).toBe(called.name !== 'deleted_generation_1')
})

test('the application has what it needs with rows of four tables, reading of migrations, and the functions', async () => {
  const functions = `all functions in schema "${testSchema}"`
  await admin.query(`revoke execute on ${functions} from public`)
  await using checkpointer = new PgCheckpointer({ connection: applicationUrl(), schema: testSchema, retryMs: 0 })
  const thread = new TestThread(checkpointer)
  await expect(thread.read()).rejects.toMatchObject({ code: '42501' })
  await admin.query(`grant execute on ${functions} to ${names.application}`)
  const id = await thread.put({ x: 1, list: Array.from({ length: 40 }, (_, i) => textOf(i, 2000)) })
  await thread.write(id, [['x', textOf(1, 3000)]])
  expect(await thread.list()).toHaveLength(1)
  await checkpointer.deleteThread(thread.threadId)
  await expect(
    application.query(`insert into "${testSchema}".migrations values (9, '', 9, now())`),
  ).rejects.toMatchObject({ code: '42501' })
})

test.each(['are_stored_1', 'reading_1', 'unpacked_1', ...CALLS.map(({ name }) => name)])(
  'the right to execute %s is needed',
  async (name) => {
    const { rows } = await admin.query<{ signature: string }>(
      `select oid::regprocedure::text as signature from pg_proc
       where proname = $1 and pronamespace = (select oid from pg_namespace where nspname = $2)`,
      [name, testSchema],
    )
    const signature = rows[0]!.signature
    await admin.query(`revoke execute on function ${signature} from public, ${names.application}`)
    const outcomes = []
    for (const called of CALLS) outcomes.push(await isAttacked(called, testSchema).catch((error: unknown) => error))
    await admin.query(`grant execute on function ${signature} to ${names.application}`)
    expect(outcomes).toContainEqual(expect.objectContaining({ code: '42501' }))
  },
)
