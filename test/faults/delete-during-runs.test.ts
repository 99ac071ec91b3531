/**
 * deleteThread at a random moment of a run of a compiled graph, by the checkpointer of the run and by another one, and a new
 * run on the same thread id. FAULT_DELETIONS says how often. Nothing of the old run is left, and the new one has exactly
 * what it has on a thread that was never used.
 */
import { randomInt } from 'node:crypto'
import pg from 'pg'
import type { RunnableConfig } from '@langchain/core/runnables'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { anyRound, playRound, type Round, type Site } from '../support/deletion-rounds.ts'
import { report, timesOf } from '../support/fault-figures.ts'
import { randomFrom } from '../support/random-from.ts'

const DELETIONS = timesOf('FAULT_DELETIONS', 60)
const AT_A_TIME = 4

/** Hides from the checkpointer to which run a call belongs. */
class Forgetful extends InMemoryCheckpointer {
  override getTuple(config: RunnableConfig): ReturnType<InMemoryCheckpointer['getTuple']> {
    return super.getTuple(withoutRun(config))
  }

  override put(...[config, ...rest]: Parameters<InMemoryCheckpointer['put']>): Promise<RunnableConfig> {
    return super.put(withoutRun(config), ...rest)
  }

  override putWrites(...[config, ...rest]: Parameters<InMemoryCheckpointer['putWrites']>): Promise<void> {
    return super.putWrites(withoutRun(config), ...rest)
  }
}

function withoutRun(config: RunnableConfig): RunnableConfig {
  return { ...config, writer: undefined, control: undefined } as RunnableConfig
}

function inMemory(checkpointer: InMemoryCheckpointer): Site {
  const count: Site['count'] = async (threadId) => {
    const thread = checkpointer.snapshot().threads.find((found) => found.threadId === threadId)
    const writes = (thread?.writes ?? []).reduce((sum, [, some]) => sum + some.length, 0)
    return { checkpoints: thread?.checkpoints.length ?? 0, writes, parts: thread?.parts.length ?? 0 }
  }
  return { checkpointer, other: checkpointer, count }
}

let database: TestDatabase
let pool: pg.Pool
const opened: PgCheckpointer[] = []
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeAll(async () => {
  process.on('unhandledRejection', note)
  database = await createDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
})
afterAll(async () => {
  for (const checkpointer of opened) await checkpointer.end()
  await pool.end()
  await database.drop()
  process.off('unhandledRejection', note)
})

function onPostgres(): Site {
  const open = () => {
    const checkpointer = new PgCheckpointer({ connection: database.url, schema })
    opened.push(checkpointer)
    return checkpointer
  }
  const tables = ['checkpoints', 'writes', 'parts'].map(
    (table) => `(select count(*)::integer from "${schema}".${table} where thread_id = $1) as ${table}`,
  )
  const count: Site['count'] = async (threadId) =>
    (await pool.query(`select ${tables.join()}`, [threadId])).rows[0] as Awaited<ReturnType<Site['count']>>
  return { checkpointer: open(), other: open(), count }
}

/** @returns what was wrong, with the round that shows it */
async function play(site: Site, rounds: readonly Round[]): Promise<string[]> {
  const wrong: string[] = []
  const left = [...rounds]
  const player = async () => {
    for (let round = left.pop(); round !== undefined; round = left.pop()) {
      const found = await playRound(site, round)
      if (found !== undefined) wrong.push(`${JSON.stringify(round)}: ${found}`)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, player))
  return wrong
}

const seed = Number(process.env['FAULT_SEED'] ?? randomInt(2 ** 31))
const roundsOf = (count: number) => {
  const random = randomFrom(seed)
  return Array.from({ length: count }, () => anyRound(random))
}

test.each<[string, () => Site]>([
  ['InMemoryCheckpointer', () => inMemory(new InMemoryCheckpointer())],
  ['PgCheckpointer', onPostgres],
])('a thread that is deleted during a run keeps nothing of it: %s', async (name, open) => {
  const wrong = await play(open(), roundsOf(Math.ceil(DELETIONS / 2)))
  report(`deletions during runs, ${name}`, { rounds: Math.ceil(DELETIONS / 2), seed, wrong: wrong.length })
  expect(wrong.slice(0, 2).join('\n\n')).toBe('')
  expect(unhandled).toStrictEqual([])
})

test('without knowing the run, the same rounds show what is left', async () => {
  const wrong = await play(inMemory(new Forgetful()), roundsOf(40))
  expect(wrong.length).toBeGreaterThan(5)
})
