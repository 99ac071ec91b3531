import { PGlite } from '@electric-sql/pglite'
import type { RunnableConfig } from '@langchain/core/runnables'
import type { CheckpointListOptions, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer, PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { createDatabase, redisUrl, testSchema } from './database.ts'
import { newPrefix } from './tiers.ts'

export interface OpenedStore {
  readonly checkpointer: InMemoryCheckpointer | PgCheckpointer
  close(): Promise<void>
}

/** In this process's memory, but carried through JSON before each read, as over a reload of a dev server. */
export class ReloadedCheckpointer extends InMemoryCheckpointer {
  #reload(): void {
    this.restore(JSON.parse(JSON.stringify(this.snapshot())) as ReturnType<InMemoryCheckpointer['snapshot']>)
  }

  override getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    this.#reload()
    return super.getTuple(config)
  }

  override list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    this.#reload()
    return super.list(config, options)
  }

  override getDeltaChannelHistory(
    options: Parameters<InMemoryCheckpointer['getDeltaChannelHistory']>[0],
  ): ReturnType<InMemoryCheckpointer['getDeltaChannelHistory']> {
    this.#reload()
    return super.getDeltaChannelHistory(options)
  }
}

async function inMemory(checkpointer: InMemoryCheckpointer): Promise<OpenedStore> {
  return { checkpointer, close: async () => {} }
}

async function onPostgres(options: Partial<PgCheckpointerOptions> = {}): Promise<OpenedStore> {
  const database = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: database.url, schema: testSchema, ...options })
  const close = async () => {
    await checkpointer.end()
    await database.drop()
  }
  return { checkpointer, close }
}

async function onPGlite(): Promise<OpenedStore> {
  const db = await PGlite.create()
  return { checkpointer: new PgCheckpointer({ connection: db, schema: testSchema }), close: () => db.close() }
}

/** Every class in every configuration that stores differently. */
export const STORES: Readonly<Record<string, () => Promise<OpenedStore>>> = {
  InMemoryCheckpointer: () => inMemory(new InMemoryCheckpointer()),
  'InMemoryCheckpointer through snapshot and restore': () => inMemory(new ReloadedCheckpointer()),
  PgCheckpointer: () => onPostgres(),
  'PgCheckpointer without a cache': () => onPostgres({ cacheBytes: 0 }),
  'PgCheckpointer with Redis': () => onPostgres({ redis: redisUrl(), redisPrefix: newPrefix(), cacheBytes: 0 }),
  'PgCheckpointer on PGlite': onPGlite,
}
