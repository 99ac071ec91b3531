/**
 * What a set conversation costs, without a clock: the bounds stand a little above what was measured when they were set.
 * A commit that raises a bound says why it is worth it; a commit that makes something cheaper lowers it.
 */
import { agent, MESSAGES_PER_TURN, takeTurn } from '../../bench/conversation.ts'
import { minus } from '../../bench/measure.ts'
import { Wire } from '../../bench/wire.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

const TURNS = 30

/** At most; for thirty turns of four messages of 2 KB, 245,760 bytes of text. */
const BOUNDS = {
  'round trips': 300,
  statements: 300,
  'bytes sent': 790_000,
  'bytes received': 55_000,
  'parts written': 128,
  'bytes at rest': 600_000,
  'bytes sent to read the head again': 130,
  'bytes received by another process that reads the head': 295_000,
}
type Cost = keyof typeof BOUNDS

let database: TestDatabase
let wire: Wire
let costs: Record<Cost, number>

beforeAll(async () => {
  database = await createDatabase()
  wire = new Wire(database.url)
  const open = async () => {
    const checkpointer = new PgCheckpointer({ connection: wire.pool, schema: testSchema })
    await checkpointer.setup()
    return checkpointer
  }
  const checkpointer = await open()
  // With `sync`, what runs beside what depends least on how fast the server is.
  const app = agent(checkpointer)
  const before = wire.traffic
  for (let turn = 0; turn < TURNS; turn++) await takeTurn(app, 'thread', turn * MESSAGES_PER_TURN, 'sync')
  const conversation = minus(wire.traffic, before)
  const tables = await tablesOf(wire)

  const thread = { configurable: { thread_id: 'thread' } }
  const beforeWarm = wire.traffic
  const head = await checkpointer.getTuple(thread)
  const held = (head?.checkpoint.channel_values['messages'] as unknown[] | undefined)?.length
  if (held !== TURNS * MESSAGES_PER_TURN) throw new Error(`The conversation left ${held} messages.`)
  const warm = minus(wire.traffic, beforeWarm)
  const other = await open()
  const beforeCold = wire.traffic
  await other.getTuple(thread)
  const cold = minus(wire.traffic, beforeCold)
  costs = {
    'round trips': conversation.roundTrips,
    statements: conversation.statements,
    'bytes sent': conversation.sentBytes,
    'bytes received': conversation.receivedBytes,
    'parts written': tables.parts,
    'bytes at rest': tables.bytes,
    'bytes sent to read the head again': warm.sentBytes,
    'bytes received by another process that reads the head': cold.receivedBytes,
  }
})

afterAll(async () => {
  await wire.end()
  await database.drop()
})

test.each(Object.entries(BOUNDS) as [Cost, number][])(
  'thirty turns of an agent cost no more than before: %s',
  (cost, bound) => {
    expect(
      costs[cost],
      `${cost}: ${costs[cost]} measured, at most ${bound} allowed. All: ${JSON.stringify(costs)}`,
    ).toBeLessThanOrEqual(bound)
  },
)

async function tablesOf({ pool }: Wire): Promise<{ parts: number; bytes: number }> {
  const schema = `"${testSchema.replaceAll('"', '""')}"`
  // Row versions that are no longer needed are removed when the server comes to it, so the tables are written anew first.
  for (const table of ['threads', 'checkpoints', 'writes', 'parts']) await pool.query(`vacuum full ${schema}.${table}`)
  const { rows } = await pool.query<{ parts: number; bytes: number }>(
    `select (select count(*) from ${schema}.parts)::integer as parts,
            (select sum(pg_total_relation_size(oid)) from pg_class where relnamespace = $1::regnamespace and relkind = 'r')::integer as bytes`,
    [schema],
  )
  return rows[0]!
}
