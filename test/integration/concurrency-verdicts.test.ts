/** What put_1 and put_writes_1 answer, called by hand: the verdicts that sql/0001_storage.sql promises. */
import pg from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let admin: pg.Client
beforeAll(async () => {
  database = await createDatabase()
  admin = new pg.Client(database.url)
  await admin.connect()
  await using checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema })
  await checkpointer.setup()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

interface Answer {
  readonly verdict: string
  readonly seq?: number
  readonly generation: number
}

async function call(name: string, args: Record<string, unknown>): Promise<Answer> {
  const list = Object.keys(args).map((key, i) => `${key} => $${i + 1}`)
  const { rows } = await admin.query<Record<string, string>>(
    `select * from "${testSchema}".${name}(${list.join(', ')})`,
    Object.values(args),
  )
  const { verdict, seq, generation } = rows[0]!
  return { verdict: verdict!, ...(seq !== undefined && { seq: Number(seq) }), generation: Number(generation) }
}

/** One thread, with a put and a write that leave nothing to say but what a test wants to. */
function newThread(p_thread: string) {
  const place = { p_tenant: '', p_thread, p_ns: '' }
  const noParts = { p_names: [], p_offsets: [], p_blob: null }
  const content = { p_header: '{"v":4,"ts":""}', p_manifest: '{\n}', p_conditional: [], p_metadata: '{}', p_run: null }
  const put = (p_checkpoint: string, more: Record<string, unknown> = {}) =>
    call('put_1', {
      ...place,
      p_checkpoint,
      p_parent: null,
      ...content,
      p_digest: `digest of ${p_checkpoint}`,
      p_generation: null,
      p_lineage: null,
      p_fence: null,
      ...noParts,
      ...more,
    })
  const write = (p_checkpoint: string, more: Record<string, unknown> = {}) =>
    call('put_writes_1', {
      ...place,
      p_checkpoint,
      p_task: 't',
      p_idx: [0],
      p_channels: ['x'],
      p_values: ['{"is":1}'],
      p_generation: null,
      p_lineage: null,
      ...noParts,
      ...more,
    })
  const state = async () => {
    const { rows } = await admin.query<Record<string, string>>(
      `select t.seq::int, t.generation::text, (select count(*)::int from "${testSchema}".checkpoints where thread_id = $1) as checkpoints,
              (select count(*)::int from "${testSchema}".writes where thread_id = $1) as writes,
              (select count(*)::int from "${testSchema}".parts where thread_id = $1) as parts
       from "${testSchema}".threads t where thread_id = $1`,
      [p_thread],
    )
    return rows[0]!
  }
  const remove = () => admin.query(`select "${testSchema}".delete_thread_1('', $1)`, [p_thread])
  const set = (what: string) =>
    admin.query(`update "${testSchema}".threads set ${what} where thread_id = $1`, [p_thread])
  return { put, write, state, remove, set }
}

const PART = { p_names: ['vAAAAAAAAAAAAAAAAAAAAAA'], p_offsets: [0], p_blob: Buffer.from('"text"') }

test('stored, then duplicate, then replaced: one row, one number', async () => {
  const { put, state } = newThread('replaced')
  const first = await put('a')
  expect(first).toMatchObject({ verdict: 'stored', seq: 1 })
  expect(await put('b', { p_parent: 'a' })).toMatchObject({ verdict: 'stored', seq: 2 })
  expect(await put('a')).toStrictEqual({ verdict: 'duplicate', seq: 1, generation: first.generation })
  expect(await put('a', { p_digest: 'other', p_parent: 'b' })).toStrictEqual({
    verdict: 'replaced',
    seq: 1,
    generation: first.generation,
  })
  expect(await put('a', { p_digest: 'other', p_parent: 'b' })).toMatchObject({ verdict: 'duplicate', seq: 1 })
  expect(await put('c', { p_parent: 'b' })).toMatchObject({ verdict: 'stored', seq: 3 })
  expect(await state()).toMatchObject({ seq: 3, checkpoints: 3 })
})

test('generation: nothing is left behind, unless it is a repeat', async () => {
  const { put, write, state } = newThread('generation')
  expect(await put('a', { p_generation: 5, ...PART })).toStrictEqual({ verdict: 'generation', seq: 0, generation: 0 })
  const { generation } = await put('a')
  const before = await state()
  expect(await put('b', { p_generation: generation - 1, ...PART })).toStrictEqual({
    verdict: 'generation',
    seq: 0,
    generation,
  })
  expect(await write('a', { p_generation: generation - 1, ...PART })).toStrictEqual({
    verdict: 'generation',
    generation,
  })
  expect(await put('a', { p_generation: generation - 1, p_digest: 'other' })).toMatchObject({ verdict: 'generation' })
  expect(await state()).toStrictEqual(before)
  expect(await put('a', { p_generation: generation - 1, ...PART })).toMatchObject({ verdict: 'duplicate', seq: 1 })
  expect(await put('b', { p_generation: generation, ...PART })).toMatchObject({ verdict: 'stored', seq: 2 })
  expect(await write('a', { p_generation: generation, ...PART })).toMatchObject({ verdict: 'stored' })
  expect(await state()).toMatchObject({ seq: 2, checkpoints: 2, writes: 1, parts: 1 })
})

test('fenced: a stale token stores nothing, but a repeat is no failure', async () => {
  const { put, state, set } = newThread('fenced')
  await put('a', { p_fence: 0 })
  await set('fence = 7')
  const before = await state()
  for (const p_fence of [0, 6, 8]) {
    expect(await put('b', { p_fence, p_parent: 'a', ...PART })).toMatchObject({ verdict: 'fenced', seq: 0 })
    expect(await put('a', { p_fence, p_digest: 'other' })).toMatchObject({ verdict: 'fenced' })
  }
  expect(await put('a', { p_fence: 0 })).toMatchObject({ verdict: 'duplicate', seq: 1 })
  expect(await state()).toStrictEqual(before)
  expect(await put('b', { p_fence: 7, p_parent: 'a' })).toMatchObject({ verdict: 'stored', seq: 2 })
  expect(await put('c', { p_parent: 'b' })).toMatchObject({ verdict: 'stored', seq: 3 })
})

test('deleted: who began before, or continues from nothing, stores nothing', async () => {
  const { put, write, state, remove } = newThread('deleted')
  const { generation: old } = await put('a')
  await write('a')
  await remove()
  const dead = await state()
  expect(dead).toMatchObject({ seq: 0, checkpoints: 0, writes: 0, parts: 0 })
  expect(Number(dead['generation'])).toBeGreaterThan(old)
  for (const late of [{ p_lineage: old }, { p_lineage: 0 }, { p_parent: 'a' }, { p_parent: 'a', p_lineage: old }]) {
    expect(await put('b', { ...late, ...PART })).toMatchObject({ verdict: 'deleted', seq: 0 })
  }
  for (const late of [{}, { p_lineage: old }])
    expect(await write('a', { ...late, ...PART })).toMatchObject({ verdict: 'deleted' })
  expect(await state()).toStrictEqual(dead)
  expect(await put('r')).toMatchObject({ verdict: 'stored', seq: 1, generation: Number(dead['generation']) })
  expect(await put('s', { p_parent: 'r' })).toMatchObject({ verdict: 'stored', seq: 2 })
  expect(await write('r')).toMatchObject({ verdict: 'stored' })
  expect(await write('to come', { p_lineage: Number(dead['generation']) })).toMatchObject({ verdict: 'stored' })
})

test('a deletion moves the generation even where the clock stands still', async () => {
  const { put, remove, set, state } = newThread('clock')
  await put('a')
  await set('generation = 9000000000000000')
  await remove()
  expect(Number((await state())['generation'])).toBe(9_000_000_000_000_001)
})
