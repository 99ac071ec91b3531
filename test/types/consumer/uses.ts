/** What a program that uses this package may write, and what must not compile. Compiled, never run. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import {
  CheckpointerError,
  InMemoryCheckpointer,
  PgCheckpointer,
  type Health,
  type PgCheckpointerOptions,
  type PgConnection,
  type PgPoolConfig,
  type PgStats,
  UnavailableError,
} from 'langgraph-pg-checkpointer'

export const savers: BaseCheckpointSaver[] = [
  new InMemoryCheckpointer({ maxBytes: 1_000_000 }),
  new PgCheckpointer({ connection: 'postgres://localhost/app' }),
  new PgCheckpointer({ connection: { host: 'localhost', max: 2, ssl: { rejectUnauthorized: true } } }),
  new PgCheckpointer({ connection: { connectionString: 'postgres://localhost/app', password: async () => 'p' } }),
  new PgCheckpointer({ connection: { max: 1, onConnect: (client) => client.query('set role app') } }),
  new PgCheckpointer({ connection: 'postgres://localhost/app', redis: 'redis://localhost' }),
  new PgCheckpointer({ connection: 'postgres://localhost/app', schema: undefined, redis: undefined }),
  PgCheckpointer.fromConnString('postgres://localhost/app', { schema: 'memory' }),
]

// @ts-expect-error: a number is no connection
export const fromNumber = new PgCheckpointer({ connection: 42 })
// @ts-expect-error: an option of the pool is misspelt
export const fromMisspelt = new PgCheckpointer({ connection: { conectionString: 'postgres://localhost/app' } })
// @ts-expect-error: the port is a number
export const fromText = new PgCheckpointer({ connection: { port: '5432' } })
// @ts-expect-error: an option of the checkpointer is misspelt
export const misspelt = new PgCheckpointer({ connection: 'postgres://localhost/app', shcema: 'memory' })
// @ts-expect-error: without a connection there is no Postgres
export const unconnected = new PgCheckpointer({})
// @ts-expect-error: an environment variable may be unset
export const unset = new PgCheckpointer({ connection: process.env['DATABASE_URL'] })
// @ts-expect-error: the ways to migrate are "auto", "check" and "off"
export const migrations: PgCheckpointerOptions = { connection: '', migrations: 'never' }
// @ts-expect-error: in memory there is no connection
export const memory = new InMemoryCheckpointer({ connection: 'postgres://localhost/app' })

// Not `any`: nothing else would refuse the lines above.
type IsAny<Type> = 0 extends 1 & Type ? true : false
export const anys: [IsAny<PgConnection>, IsAny<PgPoolConfig>, IsAny<PgStats>] = [false, false, false]

export async function watch(checkpointer: PgCheckpointer): Promise<string> {
  const health: Health = await checkpointer.health()
  try {
    await checkpointer.getTuple({ configurable: { thread_id: 't' } })
  } catch (error) {
    if (error instanceof UnavailableError) return `${error.outcome} ${error.address.threadId ?? ''}`
    if (CheckpointerError.is(error)) return error.code
  }
  await checkpointer.end()
  return `${String(health.healthy)} ${checkpointer.stats().statements}`
}
