/** What LangGraph makes of a checkpointer: a scenario with compiled graphs, on each class of this package and on MemorySaver. */
import { MemorySaver, type BaseCheckpointSaver } from '@langchain/langgraph'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { hasLangGraph } from './langgraph-line.ts'
import { createDatabase, testSchema, type TestDatabase } from './database.ts'

type Scenario = (checkpointer: BaseCheckpointSaver) => Promise<unknown>

const ours: Record<string, BaseCheckpointSaver> = {}

/** Opens them before the tests of a file, and closes them after. */
export function openCheckpointers(): void {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase()
    ours['InMemoryCheckpointer'] = new InMemoryCheckpointer()
    const options = { connection: database.url, schema: testSchema }
    ours['PgCheckpointer'] = new PgCheckpointer(options)
    ours['PgCheckpointer without a cache'] = new PgCheckpointer({ ...options, cacheBytes: 0 })
  })
  afterAll(async () => {
    for (const checkpointer of Object.values(ours)) if (checkpointer instanceof PgCheckpointer) await checkpointer.end()
    await database.drop()
  })
}

const NAMES = ['InMemoryCheckpointer', 'PgCheckpointer', 'PgCheckpointer without a cache'] as const

let threads = 0
/** The config of a thread that has not been used. */
export const newThread = (more: object = {}) => ({
  configurable: { thread_id: `thread-${process.pid}-${++threads}`, ...more },
})

/** On each of our checkpointers the scenario ends as expected; on MemorySaver too, unless that is wrong there. */
export function scenario(title: string, run: Scenario, expected: unknown, isMemorySaverRight = true): void {
  describe(title, () => {
    test.each(NAMES)('%s', async (name) => {
      expect(await run(ours[name]!)).toEqual(expected)
    })
    if (isMemorySaverRight) {
      test('MemorySaver, for comparison', async () => {
        expect(await run(new MemorySaver())).toEqual(expected)
      })
    }
  })
}

/** A scenario of what LangGraph has since 1.7. */
export const newScenario: typeof scenario = (...of) =>
  describe.skipIf(!hasLangGraph(7))('from LangGraph 1.7 on', () => scenario(...of))
