/** README.md compares with @langchain/langgraph-checkpoint-postgres in a table: each row is run on both. */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Annotation, DeltaChannel, START, StateGraph } from '@langchain/langgraph'
import { uuid6, type BaseCheckpointSaver, type Checkpoint } from '@langchain/langgraph-checkpoint'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { Pool } from 'pg'
import { PgCheckpointer } from '../../src/index.ts'
import { createDatabase } from '../support/database.ts'
import { hasLangGraph } from '../support/langgraph-line.ts'

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const readme = read('README.md')

type Thread = { configurable: { thread_id: string; checkpoint_ns: string } }

interface Row {
  /** As it begins in the table. */
  readonly row: string
  readonly run: (saver: BaseCheckpointSaver, thread: Thread, statements: () => number) => Promise<unknown>
  readonly official: unknown
  readonly ours: unknown
}

const ROWS: readonly Row[] = [
  {
    row: '`updateState` on an earlier checkpoint, then `invoke(null)`',
    run: forkAndContinue,
    official: { ran: ['sea'], fork: { topic: 'lake' }, before: { topic: 'sea', title: 'The sea' } },
    ours: {
      ran: ['sea', 'lake'],
      fork: { topic: 'lake', title: 'The lake' },
      before: { topic: 'sea', title: 'The sea' },
    },
  },
  {
    row: 'two runs on one thread at once',
    run: async (saver, thread) => {
      const root = await put(saver, thread, checkpointOf({ x: 'root' }, 1))
      const one = await put(saver, root, checkpointOf({ x: 'one' }, 2))
      const other = await put(saver, root, checkpointOf({ x: 'other' }, 2))
      return [await valuesAt(saver, one), await valuesAt(saver, other)]
    },
    official: [{ x: 'one' }, { x: 'one' }],
    ours: [{ x: 'one' }, { x: 'other' }],
  },
  {
    row: 'a `bigint` in the state',
    run: (saver, thread) => putAndRead(saver, thread, { x: { n: 12n } }),
    official: { x: expect.stringMatching(/^\[unable to serialize, /) },
    ours: { x: { n: 12n } },
  },
  {
    row: 'a `Date` in the state',
    run: (saver, thread) => putAndRead(saver, thread, { x: new Date(0) }),
    official: { x: '1970-01-01T00:00:00.000Z' },
    ours: { x: new Date(0) },
  },
  {
    row: "`list` with `thread_id: ''`",
    run: async (saver, thread) => {
      await put(saver, thread, checkpointOf({ x: 1 }))
      return outcome(threadsOf(saver, { configurable: { thread_id: '' } }))
    },
    official: expect.arrayContaining(['two runs on one thread at once', 'a `Date` in the state']),
    ours: expect.stringMatching(/^rejects: configurable\.thread_id/),
  },
  {
    row: 'a run goes on after `deleteThread`',
    run: async (saver, thread) => {
      // LangGraph gives all calls of a run the same stream writer.
      const writer = () => {}
      const first = await put(saver, { ...thread, writer } as Thread, checkpointOf({ x: 1, y: 1 }))
      await saver.deleteThread(thread.configurable.thread_id)
      const next = { ...checkpointOf({ x: 2, y: 1 }), channel_versions: { x: 2, y: 1 } }
      await put(saver, { ...first, writer } as Thread, next, { x: 2 })
      return valuesAt(saver, thread)
    },
    official: { x: 2 },
    ours: undefined,
  },
  {
    row: 'round trips of a `put` with five new channels',
    run: async (saver, thread, statements) => {
      const before = statements()
      await put(saver, thread, checkpointOf({ a: 1, b: 2, c: 3, d: 4, e: 5 }))
      return statements() - before
    },
    official: 8,
    ours: 1,
  },
  {
    row: 'parallel writes to a `DeltaChannel`',
    run: writeInParallel,
    // LangGraph 1.4 applies them by task id, as PostgresSaver reads them.
    official: { hasAll: true, isInOrder: !hasLangGraph(7) },
    ours: { hasAll: true, isInOrder: true },
  },
  // Last, as it makes the other's list() of all threads reject from then on.
  {
    row: 'a function in the state',
    run: async (saver, thread) => {
      const stored = await outcome(put(saver, thread, checkpointOf({ x: () => 1 })))
      return [stored, await outcome(valuesAt(saver, thread))]
    },
    official: [{ configurable: expect.anything() }, 'rejects: Unexpected end of JSON input'],
    ours: [expect.stringMatching(/^rejects: channel_values\.x is a function/), undefined],
  },
]

let statements = 0
const count = (): number => statements
let official: PostgresSaver
let ours: PgCheckpointer

beforeAll(async () => {
  const databases = await Promise.all([createDatabase(), createDatabase()])
  const pools = databases.map(({ url }) => openPool(url, () => statements++)) as [Pool, Pool]
  official = new PostgresSaver(pools[0])
  ours = new PgCheckpointer({ connection: pools[1] })
  await official.setup()
  await ours.setup()
  return async () => {
    for (const pool of pools) await pool.end()
    for (const { drop } of databases) await drop()
  }
})

test.each(ROWS)('$row', async (claim) => {
  expect(readme).toContain(`\n| ${claim.row} |`)
  const thread = { configurable: { thread_id: claim.row, checkpoint_ns: '' } }
  expect(await claim.run(official, thread, count)).toEqual(claim.official)
  expect(await claim.run(ours, thread, count)).toEqual(claim.ours)
})

test('ten `setup()` at once on an empty database do what the table says', async () => {
  expect(readme).toContain('\n| ten `setup()` at once on an empty database |')
  const rejections = async (open: (pool: Pool) => PostgresSaver | PgCheckpointer): Promise<number> => {
    const { url } = await createDatabase()
    const pools = Array.from({ length: 10 }, () => openPool(url))
    const results = await Promise.allSettled(pools.map((pool) => open(pool).setup()))
    await Promise.all(pools.map((pool) => pool.end()))
    return results.filter(({ status }) => status === 'rejected').length
  }
  await expect.poll(() => rejections((pool) => new PostgresSaver(pool))).toBeGreaterThan(0) // most times at once
  expect(await rejections((connection) => new PgCheckpointer({ connection }))).toBe(0)
})

test('the table has no other rows, and names the version that is installed', () => {
  const [, table = ''] = /^\| \| `PostgresSaver` .*?\n.*?\n(.*?)\n\n/ms.exec(readme) ?? []
  expect(table.split('\n')).toHaveLength(ROWS.length + 1)
  const { version } = JSON.parse(read('node_modules/@langchain/langgraph-checkpoint-postgres/package.json')) as {
    version: string
  }
  expect(readme).toContain(`\`@langchain/langgraph-checkpoint-postgres\` ${version}`)
})

function openPool(url: string, onStatement: () => void = () => {}): Pool {
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => {}) // it may still be saying goodbye when its database is dropped
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const counted = (...args: unknown[]): unknown => {
      onStatement()
      return query(...args)
    }
    Object.assign(client, { query: counted })
  })
  return pool
}

async function forkAndContinue(checkpointer: BaseCheckpointSaver, thread: Thread): Promise<unknown> {
  const ran: string[] = []
  const app = new StateGraph(Annotation.Root({ topic: Annotation<string>, title: Annotation<string> }))
    .addNode('entitle', ({ topic }) => {
      ran.push(topic)
      return { title: `The ${topic}` }
    })
    .addEdge(START, 'entitle')
    .compile({ checkpointer })
  await app.invoke({ topic: 'sea' }, thread)
  const end = await app.getState(thread)
  let early = end
  for await (const snapshot of app.getStateHistory(thread)) if (snapshot.next.includes('entitle')) early = snapshot

  const fork = await app.invoke(null, await app.updateState(early.config, { topic: 'lake' }, START))
  return { ran, fork, before: (await app.getState(end.config)).values }
}

/** What is read back of eight nodes that add to a list at once, against what the run returned. */
async function writeInParallel(checkpointer: BaseCheckpointSaver, thread: Thread): Promise<unknown> {
  const list = new DeltaChannel<string[], string[]>((all: string[], writes: string[][]) => all.concat(...writes))
  const graph = new StateGraph(Annotation.Root({ list })) as StateGraph<any, any, any, string>
  for (const name of 'abcdefgh') graph.addNode(name, () => ({ list: [name] })).addEdge(START, name)
  const app = graph.compile({ checkpointer })
  const returned = ((await app.invoke({ list: ['in'] }, thread)) as { list: string[] }).list
  const stored = ((await app.getState(thread)).values as { list: string[] }).list
  return {
    hasAll: isDeepStrictEqual(new Set(stored), new Set(returned)),
    isInOrder: isDeepStrictEqual(stored, returned),
  }
}

function checkpointOf(values: Record<string, unknown>, version = 1): Checkpoint {
  const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, version]))
  return { v: 4, id: uuid6(version), ts: '', channel_values: values, channel_versions: versions, versions_seen: {} }
}

async function put(
  saver: BaseCheckpointSaver,
  config: Thread,
  checkpoint: Checkpoint,
  newVersions = checkpoint.channel_versions,
): Promise<Thread> {
  const metadata = { source: 'loop', step: 1, parents: {} } as const
  return (await saver.put(config, checkpoint, metadata, newVersions)) as Thread
}

async function putAndRead(
  saver: BaseCheckpointSaver,
  thread: Thread,
  values: Record<string, unknown>,
): Promise<unknown> {
  return valuesAt(saver, await put(saver, thread, checkpointOf(values)))
}

async function valuesAt(saver: BaseCheckpointSaver, config: Thread): Promise<unknown> {
  return (await saver.getTuple(config))?.checkpoint.channel_values
}

async function threadsOf(
  saver: BaseCheckpointSaver,
  config: { configurable: { thread_id: string } },
): Promise<unknown> {
  const threads: unknown[] = []
  for await (const tuple of saver.list(config)) threads.push(tuple.config.configurable?.['thread_id'])
  return threads
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: Error) => `rejects: ${error.message}`)
}
