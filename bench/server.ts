/** The Postgres that is measured against, and what only it can tell: sizes, log, settings. */
import { Client } from 'pg'
import { startPostgres } from '../examples/support/embedded-postgres.ts'
import { newDatabaseName } from '../test/support/database-names.ts'
import { prose } from './text.ts'

/** Settings that decide what a figure means. */
const SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'default_toast_compression',
  'shared_buffers',
  'wal_sync_method',
] as const

export class Server {
  readonly origin: string
  /** Of a new database, which goes when the run ends. */
  readonly url: string
  readonly #admin: Client
  readonly #stop: () => Promise<void>

  private constructor(origin: string, url: string, admin: Client, stop: () => Promise<void>) {
    this.origin = origin
    this.url = url
    this.#admin = admin
    this.#stop = stop
  }

  /** The one that TEST_POSTGRES_URL names, or the one that npm brought. */
  static async open(): Promise<Server> {
    const given = process.env['TEST_POSTGRES_URL']
    const { url, stop } = given ? { url: given, stop: async () => {} } : await startPostgres()
    const name = newDatabaseName()
    await once(url, `create database ${name} template template0`)
    const own = Object.assign(new URL(url), { pathname: `/${name}` }).href
    const admin = new Client(own)
    await admin.connect()
    return new Server(given ? 'TEST_POSTGRES_URL' : 'embedded', own, admin, async () => {
      await admin.end()
      await once(url, `drop database if exists ${name} with (force)`)
      await stop()
    })
  }

  async settings(): Promise<Record<string, string>> {
    const { rows } = await this.#admin.query<{ name: string; setting: string }>(
      `select name, current_setting(name) as setting from pg_settings where name = any ($1)`,
      [SETTINGS],
    )
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
  }

  /** To what part of its size the server compresses a message's text: pglz, and lz4 where it has it. */
  async compression(chars: number): Promise<Record<string, number>> {
    const { rows } = await this.#admin.query<{ methods: string[] | null }>(
      `select enumvals as methods from pg_settings where name = 'default_toast_compression'`,
    )
    const ratios: Record<string, number> = {}
    for (const method of rows[0]?.methods ?? ['pglz']) {
      await this.#admin.query(`create temp table sample (text text storage extended compression ${method})`)
      for (let i = 0; i < 100; i++) await this.#admin.query('insert into sample values ($1)', [prose(i, chars)])
      const { rows: sums } = await this.#admin.query<{ ratio: number }>(
        `select sum(pg_column_size(text))::float / sum(octet_length(text)) as ratio from sample`,
      )
      ratios[method] = sums[0]?.ratio ?? Number.NaN
      await this.#admin.query('drop table sample')
    }
    return ratios
  }

  /** The place in the write-ahead log, in bytes. */
  async walPosition(): Promise<number> {
    const { rows } = await this.#admin.query<{ at: string }>(`select pg_current_wal_insert_lsn() - '0/0' as at`)
    return Number(rows[0]?.at)
  }

  /** All of a schema's tables: heap, TOAST, indexes, free-space and visibility maps. */
  async sizeOf(schema: string): Promise<Record<string, number>> {
    const { rows } = await this.#admin.query<{ name: string; size: string }>(
      `select relname as name, pg_total_relation_size(oid) as size
       from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by relname`,
      [schema],
    )
    return Object.fromEntries(rows.map(({ name, size }) => [name, Number(size)]))
  }

  /** What autovacuum would do some time: dead rows' space becomes free (no file shrinks), statistics are there. */
  async vacuum(schema: string): Promise<void> {
    for (const table of Object.keys(await this.sizeOf(schema))) {
      await this.#admin.query(`vacuum (analyze) "${schema}"."${table}"`)
    }
  }

  async query(sql: string): Promise<void> {
    await this.#admin.query(sql)
  }

  async stop(): Promise<void> {
    await this.#stop()
  }
}

async function once(url: string, sql: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
