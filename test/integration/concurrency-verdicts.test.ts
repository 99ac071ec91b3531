/** What the functions that write answer when they are called by hand: the verdicts that sql/functions/*.sql promise. */
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

type Arguments = Readonly<Record<string, unknown>>
type Verdict = [verdict: string, seq: number, generation: number]

async function call(name: string, args: Arguments): Promise<unknown> {
  const list = Object.keys(args).map((key, i) => `p_${key} => $${i + 1}`)
  const { rows } = await admin.query<{ answer: string }>(
    `select "${testSchema}".${name}(${list.join(', ')}) as answer`,
    Object.values(args),
  )
  return JSON.parse(rows[0]!.answer)
}

const NO_PARTS = { names: [], offsets: [], blob: null }
const PART = { names: ['vAAAAAAAAAAAAAAAAAAAAAA'], offsets: [0, 6], blob: Buffer.from('"text"') }
const NO_PROOF = { run_generation: null, generation: null, proof: null, write_proof: null, more_proofs: null }

/** What the thread's row and its other rows hold. */
interface ThreadState {
  readonly seq: number
  readonly last_digest: string | null
  readonly generation: number
  readonly deleted_generation: number
  readonly checkpoints: number
  readonly writes: number
  readonly parts: number
}

/** A thread whose calls say nothing but what a test adds. */
function newThread(thread: string) {
  const place = { tenant: '', thread, ns: '' }
  const put = (checkpoint: string, more: Arguments = {}) =>
    call('put_1', {
      ...place,
      checkpoint,
      parent: null,
      run: null,
      header: '{"v":4,"ts":""}',
      manifest: '{\n}',
      conditional: [],
      metadata: '{}',
      digest: `digest of ${checkpoint}`,
      ...NO_PROOF,
      ...NO_PARTS,
      ...more,
    }) as Promise<Verdict>
  const write = (checkpoint: string, more: Arguments = {}) =>
    call('put_writes_1', {
      ...place,
      checkpoint,
      task: 't',
      path: '',
      idx: [0],
      channels: ['x'],
      values: ['{"is":1}'],
      digests: [`digest of ${checkpoint} t 0`],
      ...NO_PROOF,
      ...NO_PARTS,
      ...more,
    }) as Promise<Verdict>
  const parts = (more: Arguments = {}) =>
    call('put_parts_1', {
      tenant: '',
      thread,
      run_generation: null,
      generation: null,
      ...PART,
      ...more,
    }) as Promise<Verdict>
  const deletedGeneration = () => call('deleted_generation_1', { tenant: '', thread }) as Promise<number>
  const remove = async (deleted_generation?: number, names_limit = 0) =>
    (await call('delete_thread_1', {
      tenant: '',
      thread,
      deleted_generation: deleted_generation ?? (await deletedGeneration()),
      names_limit,
    })) as [deleted: boolean, names: string[]]
  /** Undefined where there is no row. */
  const state = async () => {
    const count = (table: string) =>
      `(select count(*)::int from "${testSchema}".${table} where thread_id = $1) as ${table}`
    const { rows } = await admin.query<ThreadState>(
      `select t.seq::int, t.last_digest, t.generation::float8, t.deleted_generation::float8,
              ${['checkpoints', 'writes', 'parts'].map(count).join(', ')}
       from "${testSchema}".threads t where thread_id = $1`,
      [thread],
    )
    return rows[0]
  }
  const setGeneration = (generation: number) =>
    admin.query(`update "${testSchema}".threads set generation = $2 where thread_id = $1`, [thread, generation])
  return { put, write, parts, remove, deletedGeneration, state, setGeneration }
}

test('a put is stored, its repetition a duplicate, and other content replaces it, in one row with one number', async () => {
  const { put, state } = newThread('replaced')
  const [verdict, seq, generation] = await put('a')
  expect([verdict, seq]).toStrictEqual(['stored', 1])
  expect(await put('b', { parent: 'a' })).toStrictEqual(['stored', 2, generation])
  expect(await put('a')).toStrictEqual(['duplicate', 1, generation])
  expect(await put('a', { digest: 'other', parent: 'b' })).toStrictEqual(['replaced', 1, generation])
  expect(await put('a', { digest: 'other', parent: 'b' })).toStrictEqual(['duplicate', 1, generation])
  expect(await put('c', { parent: 'b' })).toStrictEqual(['stored', 3, generation])
  expect(await state()).toMatchObject({ seq: 3, checkpoints: 3 })
})

test('a checkpoint that is replaced keeps its first parent, and is never its own', async () => {
  const { put } = newThread('parents')
  await put('root', { parent: 'root' })
  await put('child', { parent: 'root' })
  await put('child', { parent: 'other', digest: 'other' })
  const { rows } = await admin.query(
    `select checkpoint_id as id, parent_id as parent from "${testSchema}".checkpoints where thread_id = 'parents' order by seq`,
  )
  expect(rows).toStrictEqual([
    { id: 'root', parent: null },
    { id: 'child', parent: 'root' },
  ])
})

test('an ordinary write stays as it was first stored, a special one is replaced', async () => {
  const { write } = newThread('writes')
  const both = { idx: [-3, 0], channels: ['__resume__', 'x'] }
  await write('a', { ...both, values: ['{"is":1}', '{"is":1}'], digests: ['r1', 'x1'] })
  await write('a', { ...both, values: ['{"is":2}', '{"is":2}'], digests: ['r2', 'x2'], path: 'moved' })
  const { rows } = await admin.query(
    `select idx, value, digest, task_path as path from "${testSchema}".writes where thread_id = 'writes' order by idx`,
  )
  expect(rows).toStrictEqual([
    { idx: -3, value: '{"is":2}', digest: 'r2', path: 'moved' },
    { idx: 0, value: '{"is":1}', digest: 'x1', path: '' },
  ])
})

describe('generation', () => {
  test('is the answer where the thread is not there, and no thread is made', async () => {
    const { put, state } = newThread('unknown')
    expect(await put('a', { generation: 5, ...PART })).toStrictEqual(['generation', 0, 0])
    expect(await state()).toBeUndefined()
  })

  test('is the answer to another generation, and nothing is left behind', async () => {
    const { put, write, parts, state } = newThread('generation')
    const [, , generation] = await put('a')
    const before = await state()
    for (const other of [generation - 1, generation + 1]) {
      expect(await put('b', { generation: other, ...PART })).toStrictEqual(['generation', 0, generation])
      expect(await put('a', { generation: other, digest: 'other' })).toStrictEqual(['generation', 1, generation])
      expect(await write('a', { generation: other, ...PART })).toStrictEqual(['generation', 0, generation])
      expect(await parts({ generation: other })).toStrictEqual(['generation', 0, generation])
    }
    expect(await state()).toStrictEqual(before)
    expect(await put('a', { generation: generation - 1, ...PART })).toStrictEqual(['duplicate', 1, generation])
    expect(await put('b', { generation, ...PART })).toStrictEqual(['stored', 2, generation])
    expect(await write('a', { generation, ...PART })).toStrictEqual(['stored', 0, generation])
    expect(await parts({ generation })).toStrictEqual(['stored', 0, generation])
    expect(await state()).toMatchObject({ seq: 2, checkpoints: 2, writes: 1, parts: 1 })
  })

  const checkpointProof = ['', '1', 'digest of base']
  const writeProof = ['', 'base', 't', '0', 'digest of base t 0']
  const changed = (proof: readonly string[], at: number) =>
    proof.with(at, proof[at] === '1' || proof[at] === '0' ? '7' : 'other')
  const more = (proofs: { checkpoints?: unknown[]; writes?: unknown[]; parts?: unknown[] }) =>
    JSON.stringify({ checkpoints: [], writes: [], parts: [], ...proofs })
  const [part] = PART.names

  test.each([
    ['a checkpoint in another namespace', { proof: changed(checkpointProof, 0) }],
    ['a checkpoint with another seq', { proof: changed(checkpointProof, 1) }],
    ['a checkpoint with another digest', { proof: changed(checkpointProof, 2) }],
    ['a write in another namespace', { write_proof: changed(writeProof, 0) }],
    ['a write beside another checkpoint', { write_proof: changed(writeProof, 1) }],
    ['a write of another task', { write_proof: changed(writeProof, 2) }],
    ['a write with another index', { write_proof: changed(writeProof, 3) }],
    ['a write with another digest', { write_proof: changed(writeProof, 4) }],
    ['a further checkpoint', { more_proofs: more({ checkpoints: [checkpointProof, changed(checkpointProof, 2)] }) }],
    ['a further write', { more_proofs: more({ writes: [writeProof, changed(writeProof, 4)] }) }],
    ['a part', { more_proofs: more({ parts: [part, 'vBBBBBBBBBBBBBBBBBBBBBB'] }) }],
    ['a write, while the checkpoint is there', { proof: checkpointProof, write_proof: changed(writeProof, 4) }],
    ['a checkpoint, while the write is there', { proof: changed(checkpointProof, 2), write_proof: writeProof }],
    [
      'a part, while the checkpoint and the write are there',
      { proof: checkpointProof, write_proof: writeProof, more_proofs: more({ parts: ['vBBBBBBBBBBBBBBBBBBBBBB'] }) },
    ],
  ])('is the answer where what a writer relies on is not there: %s', async (what, proofs) => {
    const { put, write, state } = newThread(`missing ${what}`)
    const [, , generation] = await put('base', PART)
    await write('base')
    await put('last') // so that the base is looked for by its own row
    const before = await state()
    const sent = { generation, ...proofs, names: ['vCCCCCCCCCCCCCCCCCCCCCC'], offsets: [0, 1], blob: Buffer.from('1') }
    expect(await put('next', sent)).toStrictEqual(['generation', 0, generation])
    expect(await put('base', { ...sent, digest: 'other' })).toStrictEqual(['generation', 1, generation])
    expect(await write('next', sent)).toStrictEqual(['generation', 0, generation])
    expect(await state()).toStrictEqual(before)
    expect(await put('base', sent)).toStrictEqual(['duplicate', 1, generation])
  })

  test.each([
    ['number', changed(checkpointProof, 1)],
    ['digest', changed(checkpointProof, 2)],
  ])('is the answer where the last commit has another %s', async (what, proof) => {
    const { put, write } = newThread(`last ${what}`)
    const [, , generation] = await put('base', PART)
    const sent = { generation, proof }
    expect(await put('next', sent)).toStrictEqual(['generation', 0, generation])
    expect(await write('next', sent)).toStrictEqual(['generation', 0, generation])
    expect(await put('next', { generation, proof: checkpointProof })).toStrictEqual(['stored', 2, generation])
  })

  test('the last commit is known without its checkpoint, also after puts that were none', async () => {
    const { put, write, state, remove } = newThread('known')
    const [, , generation] = await put('base', PART)
    await put('b', { parent: 'base' })
    const withoutRows = async (work: () => Promise<unknown>) => {
      await admin.query('begin')
      await admin.query(`delete from "${testSchema}".checkpoints where thread_id = 'known' and checkpoint_id = 'b'`)
      const answer = await work()
      await admin.query('rollback')
      return answer
    }
    const sent = { generation, proof: ['', '2', 'digest of b'] }
    const both = async () => [
      await withoutRows(() => put('c', { parent: 'b', ...sent })),
      await withoutRows(() => write('b', sent)),
    ]
    const known = [
      ['stored', 3, generation],
      ['stored', 0, generation],
    ]
    expect(await both()).toStrictEqual(known)
    expect(await put('base')).toStrictEqual(['duplicate', 1, generation])
    expect(await put('base', { digest: 'other' })).toStrictEqual(['replaced', 1, generation])
    expect(await put('c', { generation: generation - 1 })).toStrictEqual(['generation', 0, generation])
    expect(await both()).toStrictEqual(known)
    expect(await state()).toMatchObject({ seq: 2, last_digest: 'digest of b' })
    await remove()
    expect(await state()).toMatchObject({ seq: 0, last_digest: null })
  })

  test('is not the answer where all that a writer relies on is there', async () => {
    const { put, write } = newThread('proven')
    const [, , generation] = await put('base', PART)
    await write('base')
    const all = {
      generation,
      proof: checkpointProof,
      write_proof: writeProof,
      more_proofs: more({ checkpoints: [checkpointProof], writes: [writeProof], parts: [part] }),
    }
    expect(await put('next', all)).toStrictEqual(['stored', 2, generation])
    expect(await write('next', all)).toStrictEqual(['stored', 0, generation])
  })

  test('is the answer to a proof of another thread', async () => {
    const { put } = newThread('one thread')
    await put('base', PART)
    const other = newThread('another thread')
    const [, , generation] = await other.put('root')
    for (const proofs of [{ proof: checkpointProof }, { more_proofs: more({ parts: [part] }) }])
      expect(await other.put('next', { generation, ...proofs })).toStrictEqual(['generation', 0, generation])
  })
})

describe('deleted', () => {
  test('is the answer to a run that began before the deletion, and nothing is left behind', async () => {
    const { put, write, parts, state, remove } = newThread('deleted')
    const [, , old] = await put('a', PART)
    await write('a')
    expect(await remove(undefined, 10)).toStrictEqual([true, PART.names])
    const dead = (await state())!
    expect(dead).toMatchObject({ seq: 0, checkpoints: 0, writes: 0, parts: 0 })
    expect(dead.generation).toBeGreaterThan(old)
    expect(dead.deleted_generation).toBe(dead.generation)
    const generation = dead.generation
    for (const run_generation of [0, old, generation - 1]) {
      const late = { run_generation, ...PART }
      expect(await put('b', late)).toStrictEqual(['deleted', 0, generation])
      expect(await put('b', { ...late, parent: 'a' })).toStrictEqual(['deleted', 0, generation])
      // A late call that relies on what is gone is late all the same.
      expect(await put('b', { ...late, generation: old })).toStrictEqual(['deleted', 0, generation])
      expect(await write('a', late)).toStrictEqual(['deleted', 0, generation])
      expect(await parts(late)).toStrictEqual(['deleted', 0, generation])
    }
    expect(await state()).toStrictEqual(dead)
  })

  test('is not the answer to a later run, nor to a call of no run, whatever its parent', async () => {
    const { put, write, parts, state, remove } = newThread('begun again')
    await put('a')
    await remove()
    const generation = (await state())!.generation
    expect(await put('r', { run_generation: generation })).toStrictEqual(['stored', 1, generation])
    expect(await put('s', { parent: 'a' })).toStrictEqual(['stored', 2, generation])
    expect(await write('to come')).toStrictEqual(['stored', 0, generation])
    expect(await write('to come', { run_generation: generation, idx: [1] })).toStrictEqual(['stored', 0, generation])
    expect(await parts()).toStrictEqual(['stored', 0, generation])
  })

  test('is not the answer on a thread that was never deleted, whatever the run read', async () => {
    const { put, write } = newThread('never deleted')
    const [verdict, seq, generation] = await put('a', { run_generation: 0 })
    expect([verdict, seq]).toStrictEqual(['stored', 1])
    expect(await write('a', { run_generation: 0 })).toStrictEqual(['stored', 0, generation])
  })
})

describe('delete_thread_1', () => {
  test('of a thread without a row leaves one, so that a run that found nothing is late', async () => {
    const { put, state, remove, deletedGeneration } = newThread('never there')
    expect(await deletedGeneration()).toBe(0)
    expect(await remove()).toStrictEqual([true, []])
    const generation = (await state())!.generation
    expect(await deletedGeneration()).toBe(generation)
    expect(await put('a', { run_generation: 0 })).toStrictEqual(['deleted', 0, generation])
  })

  test('does nothing where another deletion came in between', async () => {
    const { put, state, remove } = newThread('deleted twice')
    await put('a')
    await remove(0)
    await put('b')
    const before = await state()
    expect(await remove(0)).toStrictEqual([false, []])
    expect(await state()).toStrictEqual(before)
  })

  test('moves the generation even where the clock stands still', async () => {
    const { put, remove, setGeneration, state } = newThread('clock')
    await put('a')
    await setGeneration(9_000_000_000_000_000)
    await remove()
    expect(await state()).toMatchObject({
      generation: 9_000_000_000_000_001,
      deleted_generation: 9_000_000_000_000_001,
    })
  })
})
