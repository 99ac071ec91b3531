/** Who is compared. Each on Postgres has connections and a schema of its own. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import type pg from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from 'langgraph-pg-checkpointer'
import { Wire } from './wire.ts'

export const OURS = 'PgCheckpointer'
/** With `preparedStatements: true`. */
export const PREPARED = `${OURS}, prepared`
export const OFFICIAL = 'PostgresSaver'
export const FLOOR = 'floor'

export interface PgSubject {
  readonly name: string
  readonly saver: BaseCheckpointSaver
  readonly schema: string
  readonly wire: Wire
  /** One that knows nothing yet, on the same connections. */
  readonly cold: () => Promise<BaseCheckpointSaver>
}

/** @param use names the schema, which is made if it isn't there */
export async function openOurs(
  url: string,
  use: string,
  config: pg.PoolConfig = {},
  options: Pick<PgCheckpointerOptions, 'preparedStatements'> = {},
): Promise<PgSubject> {
  const wire = new Wire(url, config)
  const schema = `ours_${use}`
  const cold = async () => {
    const saver = new PgCheckpointer({ connection: wire.pool, schema, ...options })
    await saver.setup()
    return saver
  }
  const saver = await cold()
  await wire.warmUp()
  return { name: OURS, saver, schema, wire, cold }
}

export async function openOfficial(url: string, use: string, config: pg.PoolConfig = {}): Promise<PgSubject> {
  const wire = new Wire(url, config)
  const schema = `official_${use}`
  const cold = async () => new PostgresSaver(wire.pool, undefined, { schema })
  const saver = await cold()
  await saver.setup()
  await wire.warmUp()
  return { name: OFFICIAL, saver, schema, wire, cold }
}

/** Ours and theirs, opened; closed when the work is done or has failed. */
export async function withBoth<Result>(
  url: string,
  use: string,
  work: (ours: PgSubject, official: PgSubject) => Promise<Result>,
  config: pg.PoolConfig = {},
): Promise<Result> {
  const ours = await openOurs(url, use, config)
  const official = await openOfficial(url, use, config)
  try {
    return await work(ours, official)
  } finally {
    await Promise.all([ours.wire.end(), official.wire.end()])
  }
}

/** Opens LangGraph's savers on SQLite, in memory, if it is installed: it is no dependency of this package. */
export async function findSqliteSaver(): Promise<(() => BaseCheckpointSaver) | undefined> {
  const name: string = '@langchain/langgraph-checkpoint-sqlite'
  try {
    const { SqliteSaver } = (await import(name)) as {
      SqliteSaver: { fromConnString(path: string): BaseCheckpointSaver }
    }
    return () => SqliteSaver.fromConnString(':memory:')
  } catch {
    return undefined
  }
}
