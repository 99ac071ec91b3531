/** Whatever comes in as an id: a typed error that names the field, or data that match exactly. Nothing in between. */
import { randomBytes } from 'node:crypto'
import type { RunnableConfig } from '@langchain/core/runnables'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import pg from 'pg'
import { CheckpointerError, InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { checkpointOf, collect, METADATA, newId, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let pool: pg.Pool
const checkpointers: Record<string, BaseCheckpointSaver> = { InMemoryCheckpointer: new InMemoryCheckpointer() }
beforeAll(async () => {
  database = await createDatabase()
  pool = new pg.Pool({ connectionString: database.url })
  checkpointers['PgCheckpointer'] = new PgCheckpointer({ connection: pool, schema: testSchema })
  for (const checkpointer of Object.values(checkpointers))
    await new TestThread(checkpointer, '', 'secret').put({ x: 'of somebody else' })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

/** Never ids. Those with a text in them have "secret" in it, which no error may repeat. */
const HOSTILE: [string, unknown][] = [
  ['null', null],
  ['0', 0],
  ['42', 42],
  ['NaN', Number.NaN],
  ['true', true],
  ['false', false],
  ['1n', 1n],
  ['an empty string', ''],
  ['an empty array', []],
  ['an array', ['secret']],
  ['an empty object', {}],
  ['an operator', { $ne: 'secret' }],
  ['an object with toString', { toString: () => 'secret', toJSON: () => 'secret' }],
  ['an object with Symbol.toPrimitive', { [Symbol.toPrimitive]: () => 'secret' }],
  ['a boxed string', Object('secret')],
  ['a Buffer', Buffer.from('secret')],
  ['a function', () => 'secret'],
  ['a symbol', Symbol('secret')],
  ['a Date', new Date(0)],
  ['a text with NUL', 'secret\0'],
  ['a text with a lone high surrogate', 'secret\ud83d'],
  ['a text with a lone low surrogate', '\ude00secret'],
  ['a text with a byte order mark in front', '\ufeffsecret'],
  ['a long text', 'secret'.repeat(1000)],
  ['a long text of few characters', `secret${'\u{1f600}'.repeat(300)}`],
]

type Call = (checkpointer: BaseCheckpointSaver, configurable: Record<string, unknown>) => Promise<unknown>
const config = (configurable: Record<string, unknown>): RunnableConfig => ({ configurable })
const METHODS: Record<string, Call> = {
  getTuple: (checkpointer, configurable) => checkpointer.getTuple(config(configurable)),
  get: (checkpointer, configurable) => checkpointer.get(config(configurable)),
  list: (checkpointer, configurable) => collect(checkpointer.list(config(configurable))),
  'list with before': (checkpointer, configurable) =>
    collect(checkpointer.list({ configurable: { thread_id: 'secret' } }, { before: config(configurable) })),
  put: (checkpointer, configurable) => checkpointer.put(config(configurable), checkpointOf(newId(), {}), METADATA, {}),
  putWrites: (checkpointer, configurable) => checkpointer.putWrites(config(configurable), [['x', 1]], 'task'),
  getDeltaChannelHistory: (checkpointer, configurable) =>
    checkpointer.getDeltaChannelHistory({ config: config(configurable), channels: ['x'] }),
}

/** The rejection of a call, which must not throw before it gives its promise. */
async function refusalOf(call: () => Promise<unknown>): Promise<CheckpointerError & { field: string }> {
  let answer: Promise<unknown>
  try {
    answer = call()
  } catch (error) {
    throw new Error('It threw instead of rejecting.', { cause: error })
  }
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(CheckpointerError.is(error)).toBe(true)
  const refusal = error as CheckpointerError & { field: string }
  expect(refusal.code).toBe('INVALID_INPUT')
  expect(`${refusal.message} ${refusal.stack}`).not.toContain('secret')
  return refusal
}

const names = ['InMemoryCheckpointer', 'PgCheckpointer'] as const
const methods = (...without: string[]) => Object.entries(METHODS).filter(([name]) => !without.includes(name))

describe.each(names)('%s', (name) => {
  test.each(HOSTILE)('refuses %s as a thread id, in every method', async (_, threadId) => {
    const checkpointer = checkpointers[name]!
    for (const [, call] of methods('list with before')) {
      const refusal = await refusalOf(() =>
        call(checkpointer, { thread_id: threadId, checkpoint_ns: '', checkpoint_id: 'c' }),
      )
      expect(refusal.field).toBe('configurable.thread_id')
    }
    expect((await refusalOf(() => checkpointer.deleteThread(threadId as string))).field).toBe('threadId')
  })

  test.each(HOSTILE)('refuses %s as a namespace, unless it means the root', async (_, ns) => {
    for (const [, call] of ns === '' ? [] : methods('list with before')) {
      const refusal = await refusalOf(() =>
        call(checkpointers[name]!, { thread_id: 't', checkpoint_ns: ns, checkpoint_id: 'c' }),
      )
      expect(refusal.field).toBe('configurable.checkpoint_ns')
    }
  })

  test.each(HOSTILE)('refuses %s as a checkpoint id, unless it means the head', async (_, id) => {
    const isNone = id === '' || id === null
    for (const [, call] of isNone ? methods().filter(([method]) => method === 'putWrites') : methods()) {
      const refusal = await refusalOf(() =>
        call(checkpointers[name]!, { thread_id: 't', checkpoint_ns: '', checkpoint_id: id }),
      )
      expect(refusal.field).toBe('configurable.checkpoint_id')
    }
  })

  test.each(HOSTILE)('refuses %s as the id of a checkpoint and as a task id', async (_, id) => {
    const checkpointer = checkpointers[name]!
    const put = () =>
      checkpointer.put({ configurable: { thread_id: 't' } }, checkpointOf(id as string, {}), METADATA, {})
    expect((await refusalOf(put)).field).toBe('checkpoint.id')
    const at = { configurable: { thread_id: 't', checkpoint_id: 'c' } }
    for (const writes of [[['x', 1]], []] as [string, unknown][][]) {
      expect((await refusalOf(() => checkpointer.putWrites(at, writes, id as string))).field).toBe('taskId')
    }
    expect(await checkpointer.getTuple({ configurable: { thread_id: 't' } })).toBeUndefined()
  })

  test('refuses a write without a thread id', async () => {
    for (const [method, call] of methods('list', 'list with before', 'getTuple', 'get')) {
      for (const configurable of [{}, { thread_id: undefined }]) {
        const refusal = await refusalOf(() => call(checkpointers[name]!, configurable))
        expect([method, refusal.field]).toStrictEqual([method, 'configurable.thread_id'])
      }
    }
    expect((await refusalOf(() => checkpointers[name]!.deleteThread(undefined as never))).field).toBe('threadId')
  })

  test('leaves other threads untouched and creates none', async () => {
    const all = await collect(checkpointers[name]!.list({}))
    const threads = new Set(all.map((tuple) => tuple.config.configurable?.['thread_id'] as string))
    expect([...threads]).toStrictEqual(['secret'])
  })

  test('changes no prototype, whatever the keys are', async () => {
    const before = [Object.prototype, Array.prototype, Function.prototype].map((prototype) =>
      Reflect.ownKeys(prototype),
    )
    const evil = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":{"__proto__":{"polluted":1}}}',
    ) as Record<string, unknown>
    const thread = new TestThread(checkpointers[name]!)
    const fields = { versions_seen: evil, ...JSON.parse('{"__proto__x":1}') }
    const metadata = { ...evil, parents: evil }
    const id = await thread.put(evil, { versions: evil as never, metadata, fields })
    await thread.write(id, Object.entries(evil), '__proto__')
    const tuple = await thread.mustRead()
    expect(Object.entries(tuple.checkpoint.channel_values)).toStrictEqual(Object.entries(evil))
    expect(Object.entries(tuple.checkpoint.versions_seen)).toStrictEqual(Object.entries(evil))
    expect(await thread.ids({ filter: evil })).toStrictEqual([id])
    const history = await thread.checkpointer.getDeltaChannelHistory({
      config: thread.config(await thread.put({})),
      channels: Object.keys(evil),
    })
    expect(Object.keys(history)).toStrictEqual(Object.keys(evil))
    for (const read of [tuple, history, ...(await thread.list())])
      expect((read as never as { polluted?: unknown }).polluted).toBeUndefined()
    expect(
      [Object.prototype, Array.prototype, Function.prototype].map((prototype) => Reflect.ownKeys(prototype)),
    ).toStrictEqual(before)
  })
})

test.each([
  ['letters', (bytes: number) => randomBytes(bytes).toString('base64url').slice(0, bytes)],
  [
    'two-byte characters',
    (bytes: number) => Array.from(randomBytes(bytes / 2), (byte) => String.fromCodePoint(0x400 + byte)).join(''),
  ],
  [
    'four-byte characters',
    (bytes: number) => Array.from(randomBytes(bytes / 4), (byte) => String.fromCodePoint(0x1f300 + byte)).join(''),
  ],
])('ids of the greatest length, made of random %s, fit every index together', async (_, text) => {
  const checkpointer = new PgCheckpointer({ connection: pool, schema: testSchema, tenant: text(64) })
  const thread = new TestThread(checkpointer, text(1000), text(512))
  const [parent, id, task] = [text(512), text(512), text(512)]
  await thread.put({ x: 1 }, { id: parent, parent: null })
  await thread.put({ x: 2 }, { id, parent })
  await thread.write(
    id,
    Array.from({ length: 12 }, (__, i): [string, unknown] => [text(2000), i]),
    task,
  )
  const tuple = await thread.mustRead()
  expect(tuple.config).toStrictEqual(thread.config(id))
  expect(tuple.parentConfig).toStrictEqual(thread.config(parent))
  expect(tuple.pendingWrites?.map(([by]) => by)).toStrictEqual(Array.from({ length: 12 }, () => task))
  const run = { configurable: { ...thread.config(id).configurable, run_id: text(512) } }
  await checkpointer.put(run, checkpointOf(text(512), {}), METADATA, {})
  expect(await thread.list()).toHaveLength(3)
  await checkpointer.deleteThread(thread.threadId)
  expect(await thread.list()).toStrictEqual([])
})

test.each(['text with a lone surrogate \ud800', 'a\0b', 'x'.repeat(513)])('the run id %j is refused', async (runId) => {
  for (const checkpointer of Object.values(checkpointers)) {
    const put = () =>
      checkpointer.put({ configurable: { thread_id: 't', run_id: runId } }, checkpointOf(newId(), {}), METADATA, {})
    expect((await refusalOf(put)).field).toBe('configurable.run_id')
  }
})
