/** What a graph returns is what is stored, whatever the graph; and it is what MemorySaver would have led to. */
import fc from 'fast-check'
import { MemorySaver } from '@langchain/langgraph'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema } from '../support/database.ts'
import { runGraph, type Processes } from '../support/random-graph-run.ts'
import { GRAPHS, type GraphPlan } from '../support/random-graphs.ts'

const NUMBER_OF_GRAPHS = 200
const seed = Number(process.env['GRAPHS_SEED'] ?? Date.now() % 2 ** 31)

// Both tests run the same graphs, so that MemorySaver has to run each once.
const known = new Map<string, Promise<unknown[]>>()
function withMemorySaver(plan: GraphPlan): Promise<unknown[]> {
  const key = JSON.stringify(plan)
  const memorySaver = new MemorySaver()
  const result = known.get(key) ?? runGraph(plan, { runner: () => memorySaver, reader: () => memorySaver }, 'thread')
  known.set(key, result)
  return result
}

/** Gives the number of graphs that ran. A failure names seed and path, and the smallest graph that fails. */
async function check(open: () => Processes): Promise<number> {
  let threads = 0
  const property = fc.asyncProperty(GRAPHS, async (plan) => {
    const expected = await withMemorySaver(plan)
    expect(await runGraph(plan, open(), `thread-${threads++}`)).toEqual(expected)
  })
  await fc.assert(property, { numRuns: NUMBER_OF_GRAPHS, seed })
  return threads
}

test('in memory, a graph returns what another instance reads from a snapshot, and what it returns with MemorySaver', async () => {
  const open = (): Processes => {
    let current = new InMemoryCheckpointer()
    const copy = (): InMemoryCheckpointer => {
      const other = new InMemoryCheckpointer()
      other.restore(JSON.parse(JSON.stringify(current.snapshot())) as ReturnType<typeof other.snapshot>)
      return other
    }
    return {
      runner: (isElsewhere) => {
        if (isElsewhere) current = copy()
        return current
      },
      reader: copy,
    }
  }
  expect(await check(open)).toBe(NUMBER_OF_GRAPHS)
}, 600_000)

test('on Postgres, a graph returns what another process reads, and what it returns with MemorySaver', async () => {
  const { url } = await createDatabase()
  // What is tested here is not durability, and each commit would wait for the disk.
  const connection = { connectionString: url, options: '-c synchronous_commit=off' }
  const one = new PgCheckpointer({ connection, schema: testSchema })
  const other = new PgCheckpointer({ connection, schema: testSchema, cacheBytes: 0 })
  try {
    const processes = { runner: (isElsewhere: boolean) => (isElsewhere ? other : one), reader: () => other }
    expect(await check(() => processes)).toBe(NUMBER_OF_GRAPHS)
  } finally {
    await Promise.all([one.end(), other.end()])
  }
}, 600_000)
