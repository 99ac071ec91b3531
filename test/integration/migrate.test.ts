import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { CountingPool } from '../support/counting-driver.ts'
import { createDatabase } from '../support/database.ts'
import { DUMP_FILE, dumpAfterSetup, dumpSchema } from '../support/dump-schema.ts'

const open: { end(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.end()
})

/** A checkpointer that is closed at the end of the test. */
function checkpointerOn(
  connection: PgCheckpointerOptions['connection'],
  options: Partial<PgCheckpointerOptions> = {},
): PgCheckpointer {
  const checkpointer = new PgCheckpointer({ connection, retryMs: 0, ...options })
  open.push(checkpointer)
  return checkpointer
}

async function clientOn(url: string): Promise<Client> {
  const client = new Client(url)
  await client.connect()
  open.push(client)
  return client
}

/** One checkpoint in, one out. */
async function works(checkpointer: PgCheckpointer): Promise<boolean> {
  const thread = new TestThread(checkpointer)
  await thread.put({ x: 'value' })
  return (await thread.values())['x'] === 'value'
}

async function featuresOf(client: Client): Promise<{ lz4: boolean }> {
  const { rows } = await client.query<{ lz4: boolean }>(
    `select 'lz4' = any (enumvals) as lz4 from pg_settings where name = 'default_toast_compression'`,
  )
  return rows[0]!
}

/** A role of its own that may connect and no more. */
async function roleOn(url: string): Promise<{ name: string; url: string; admin: Client }> {
  const admin = await clientOn(url)
  const name = `role_${new URL(url).pathname.slice(1)}`
  await admin.query(`create role ${name} login password 'secret'`)
  open.unshift({
    end: async () => void (await admin.query(`drop owned by ${name}; drop role ${name}`)),
  })
  return { name, url: Object.assign(new URL(url), { username: name, password: 'secret' }).href, admin }
}

describe('an empty database', () => {
  test('has after setup what test/schema.sql says; if not, `npm run schema:dump` and review the diff', async () => {
    const { url } = await createDatabase()
    expect(await dumpAfterSetup(url, 'langgraph'), 'npm run schema:dump').toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test('is set up by the first use', async () => {
    const { url } = await createDatabase()
    expect(await works(checkpointerOn(url))).toBe(true)
  })

  test('is read like one that holds nothing', async () => {
    const { url } = await createDatabase()
    const thread = new TestThread(checkpointerOn(url))
    expect(await thread.read()).toBeUndefined()
    expect(await thread.list()).toStrictEqual([])
    await thread.checkpointer.deleteThread('unknown')
  })

  test('is set up once by 20 callers at once, who all succeed', async () => {
    const { url } = await createDatabase()
    const callers = Array.from({ length: 20 }, () => checkpointerOn({ connectionString: url, max: 1 }))
    await Promise.all(callers.map((each, i) => (i % 2 === 0 ? each.setup() : works(each))))
    expect(await Promise.all(callers.map(works))).not.toContain(false)
    const client = await clientOn(url)
    const { rows } = await client.query('select version, name, requires from langgraph.migrations')
    expect(rows).toStrictEqual([{ version: 1, name: '0001_storage', requires: 1 }])
  })

  test('is set up once by 20 uses of one checkpointer at once', async () => {
    const { url } = await createDatabase()
    const checkpointer = checkpointerOn(url)
    expect(await Promise.all(Array.from({ length: 20 }, () => works(checkpointer)))).not.toContain(false)
  })

  test('is left empty when setup fails, and set up by the next call that may', async () => {
    const { url } = await createDatabase()
    const role = await roleOn(url)
    const checkpointer = checkpointerOn(role.url)
    await expect(checkpointer.setup()).rejects.toMatchObject({ code: '42501' })
    await expect(new TestThread(checkpointer).put({})).rejects.toMatchObject({ code: '42501' })
    expect((await role.admin.query(`select from pg_namespace where nspname = 'langgraph'`)).rowCount).toBe(0)
    await role.admin.query(`grant create on database ${new URL(url).pathname.slice(1)} to ${role.name}`)
    expect(await works(checkpointer)).toBe(true)
  })

  test('a schema that is there already and ours to write in is enough', async () => {
    const { url } = await createDatabase()
    const role = await roleOn(url)
    await role.admin.query(`create schema langgraph; grant usage, create on schema langgraph to ${role.name}`)
    expect(await works(checkpointerOn(role.url))).toBe(true)
  })
})

describe('a current database', () => {
  test('costs one SELECT, and a second setup changes nothing', async () => {
    const { url } = await createDatabase()
    await checkpointerOn(url).setup()
    const pool = new CountingPool(url)
    open.push(pool)
    for (const migrations of ['auto', 'check'] as const) {
      const checkpointer = new PgCheckpointer({ connection: pool, migrations })
      expect(await pool.during(() => checkpointer.setup())).toStrictEqual([expect.stringMatching(/^select\b[^;]+$/)])
      expect(await pool.count(() => new TestThread(checkpointer).read())).toBe(1)
      const fresh = new PgCheckpointer({ connection: pool, migrations })
      expect(await pool.count(() => new TestThread(fresh).read())).toBe(2)
    }
    const client = await clientOn(url)
    expect((await client.query('select from langgraph.migrations')).rowCount).toBe(1)
    expect(await dumpSchema(client, 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test.each(['auto', 'check', 'off'] as const)(
    'serves a role that may only read and write rows (migrations: %s)',
    async (migrations) => {
      const { url } = await createDatabase()
      await checkpointerOn(url).setup()
      const role = await roleOn(url)
      await role.admin.query(`grant usage on schema langgraph to ${role.name};
      grant select, insert, update, delete on all tables in schema langgraph to ${role.name}`)
      const checkpointer = checkpointerOn(role.url, { migrations })
      expect(await works(checkpointer)).toBe(true)
      const thread = new TestThread(checkpointer)
      const id = await thread.put({ text: 'x'.repeat(5000) })
      await thread.write(id, [['x', 1]])
      expect(await thread.list()).toHaveLength(1)
      await checkpointer.deleteThread(thread.threadId)
      await expect(role.admin.query(`set role ${role.name}; drop table langgraph.parts`)).rejects.toMatchObject({
        code: '42501',
      })
      await role.admin.query('reset role')
    },
  )
})

describe('a database that is not current', () => {
  test('is told to a role that may not change it, with what to do', async () => {
    const { url } = await createDatabase()
    const role = await roleOn(url)
    const checkpointer = checkpointerOn(role.url, { migrations: 'check' })
    await expect(new TestThread(checkpointer).read()).rejects.toMatchObject({
      code: 'SCHEMA_OUTDATED',
      schema: 'langgraph',
      found: 0,
      needed: 1,
      message: expect.stringMatching(/at version 0, this release needs 1\. .*setup\(\).*migrationSql\(\)/) as string,
    })
    expect((await role.admin.query(`select from pg_namespace where nspname = 'langgraph'`)).rowCount).toBe(0)
    await checkpointerOn(url).setup()
    await role.admin.query(`grant usage on schema langgraph to ${role.name};
      grant select, insert, update, delete on all tables in schema langgraph to ${role.name}`)
    expect(await works(checkpointer)).toBe(true)
  })

  test('is not looked at with migrations: off', async () => {
    const { url } = await createDatabase()
    const checkpointer = checkpointerOn(url, { migrations: 'off' })
    await expect(new TestThread(checkpointer).read()).rejects.toMatchObject({ code: '3F000' })
    await checkpointer.setup()
    expect(await works(checkpointer)).toBe(true)
  })

  test.each(['auto', 'check'] as const)(
    'is refused in words where a newer release migrated it (%s)',
    async (migrations) => {
      const { url } = await createDatabase()
      await checkpointerOn(url).setup()
      const client = await clientOn(url)
      await client.query(
        `insert into langgraph.migrations values (2, '0002_new', 1, now()), (7, '0007_break', 3, now())`,
      )
      const refused = {
        code: 'SCHEMA_TOO_NEW',
        found: 7,
        needed: 1,
        message: expect.stringMatching(/newer than this release knows .*Upgrade/) as string,
      }
      const checkpointer = checkpointerOn(url, { migrations })
      await expect(checkpointer.setup()).rejects.toMatchObject(refused)
      await expect(new TestThread(checkpointer).read()).rejects.toMatchObject(refused)
    },
  )

  test('a newer one that this release can still work with is fine', async () => {
    const { url } = await createDatabase()
    await checkpointerOn(url).setup()
    const client = await clientOn(url)
    await client.query(`insert into langgraph.migrations values (2, '0002_new', 1, now())`)
    expect(await works(checkpointerOn(url))).toBe(true)
    expect(await works(checkpointerOn(url, { migrations: 'check' }))).toBe(true)
  })
})

describe('a server that would not do', () => {
  test('is refused for its default isolation', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    await client.query(
      `alter database ${new URL(url).pathname.slice(1)} set default_transaction_isolation = 'repeatable read'`,
    )
    await expect(checkpointerOn(url).setup()).rejects.toMatchObject({
      code: 'SERVER_UNSUITABLE',
      message: expect.stringContaining('repeatable read') as string,
    })
    expect((await client.query(`select from pg_namespace where nspname = 'langgraph'`)).rowCount).toBe(0)
  })

  test('is refused for its encoding', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    const name = `${new URL(url).pathname.slice(1)}_ascii`
    await client.query(
      `create database ${name} encoding 'SQL_ASCII' locale_provider libc locale 'C' template template0`,
    )
    const checkpointer = checkpointerOn(Object.assign(new URL(url), { pathname: `/${name}` }).href)
    await expect(checkpointer.setup()).rejects.toMatchObject({
      code: 'SERVER_UNSUITABLE',
      message: expect.stringContaining('SQL_ASCII') as string,
    })
    await checkpointer.end()
    await client.query(`drop database ${name}`)
  })
})

describe('the printed SQL', () => {
  test('run as it is makes the same schema, which then is current', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    await client.query(PgCheckpointer.migrationSql(await featuresOf(client)))
    expect(await dumpSchema(client, 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
    expect(await works(checkpointerOn(url, { migrations: 'check' }))).toBe(true)
  })

  test('for a server without lz4 makes the same schema, too', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    await client.query(PgCheckpointer.migrationSql({ lz4: false }))
    expect(await dumpSchema(client, 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test('with lz4 is right, and refused only by a server that has none', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    const { lz4 } = await featuresOf(client)
    const refusal = await client.query(PgCheckpointer.migrationSql({ lz4: true })).then(
      () => undefined,
      (error: { code: string }) => error.code,
    )
    expect(refusal).toBe(lz4 ? undefined : '0A000') // not 42601, a syntax error
    if (!lz4) return
    const { rows } = await client.query(
      `select attname from pg_attribute where attcompression = 'l' and attrelid in
       (select oid from pg_class where relnamespace = 'langgraph'::regnamespace and relkind = 'r') order by 1`,
    )
    expect(rows.map((row: { attname: string }) => row.attname)).toStrictEqual([
      'body',
      'bytes',
      'header',
      'manifest',
      'metadata',
      'value',
    ])
  })

  test('begins where the database is: at the newest version only the functions are made again', async () => {
    const { url } = await createDatabase()
    const client = await clientOn(url)
    await client.query(PgCheckpointer.migrationSql({ lz4: false }))
    const sql = PgCheckpointer.migrationSql({ from: 1, lz4: true })
    expect(sql).not.toMatch(/create (schema|table|index)|alter|insert into "langgraph"\.migrations/)
    await client.query(sql)
    expect(await dumpSchema(client, 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test('stands in one transaction under the lock', () => {
    const sql = PgCheckpointer.migrationSql({ lz4: true })
    expect(sql).toMatch(/^begin;\n\s*select pg_catalog\.pg_advisory_xact_lock\(/)
    expect(sql).toMatch(/\ncommit;\n$/)
    expect(sql).not.toMatch(/:schema|:lz4|concurrently/)
  })
})

describe("the schema's name", () => {
  test.each(['user', 'select', '_', 'a$b', 'a$$b', 'x$body$', `x${'y'.repeat(62)}`])('may be %s', async (schema) => {
    const { url } = await createDatabase()
    const checkpointer = checkpointerOn(url, { schema })
    expect(await works(checkpointer)).toBe(true)
    await checkpointer.deleteThread('unknown')
    expect(await dumpAfterSetup(url, schema)).toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test.each([
    '',
    'public',
    'pg_catalog',
    'pg_mine',
    'information_schema',
    'Upper',
    'with space',
    '1st',
    '$x',
    'a-b',
    'a.b',
    'ü',
    'a"b',
    "a'b",
    'a\0b',
    'x"; drop table threads; --',
    'langgraph"."threads',
    `x${'y'.repeat(63)}`,
    7,
    null,
    ['langgraph'],
    { toString: () => 'langgraph' },
  ])('is refused as %j', (schema) => {
    const options = { connection: 'postgres://localhost:1/none', schema: schema as string }
    const refused = expect.objectContaining({ code: 'INVALID_OPTIONS', option: 'schema' })
    expect(() => new PgCheckpointer(options)).toThrow(refused)
    expect(() => PgCheckpointer.migrationSql({ ...options, lz4: true })).toThrow(refused)
  })

  test("two schemas in one database don't see one another", async () => {
    const { url } = await createDatabase()
    const [a, b] = ['one', 'two'].map((schema) => new TestThread(checkpointerOn(url, { schema }), '', 'same'))
    await a!.put({ x: 'a' })
    expect(await b!.read()).toBeUndefined()
    await b!.put({ x: 'b' })
    await b!.checkpointer.deleteThread('same')
    expect(await a!.values()).toStrictEqual({ x: 'a' })
  })
})

test('PGlite is set up by the first use, is current for the next checkpointer, and stays open after both', async () => {
  const db = await PGlite.create()
  open.push({ end: () => db.close() })
  await Promise.all([works(checkpointerOn(db)), works(checkpointerOn(db))])
  {
    await using checkpointer = checkpointerOn(db, { migrations: 'check' })
    expect(await works(checkpointer)).toBe(true)
  }
  const { rows } = await db.query('select version from langgraph.migrations')
  expect(rows).toStrictEqual([{ version: 1 }])
})
