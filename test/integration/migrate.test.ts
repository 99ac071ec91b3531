import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { Client } from 'pg'
import { PgCheckpointer, type PgCheckpointerOptions } from '../../src/index.ts'
import { migrate } from '../../src/pg/migrate.ts'
import { functionsDigest, MIGRATIONS, type Migration } from '../../src/pg/migrations.ts'
import { openDriver } from '../../src/pg/open-driver.ts'
import { Meter } from '../../src/observe/meter.ts'
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
async function roleOn(url: string, kind = 'role'): Promise<{ name: string; url: string; admin: Client }> {
  const admin = await clientOn(url)
  const name = `${kind}_${new URL(url).pathname.slice(1)}`
  await admin.query(`create role ${name} login password 'secret'`)
  open.unshift({
    end: async () => void (await admin.query(`drop owned by ${name} cascade; drop role ${name}`)),
  })
  return { name, url: Object.assign(new URL(url), { username: name, password: 'secret' }).href, admin }
}

describe('an empty database', () => {
  test('has the schema of test/schema.sql after setup (if not, run `npm run schema:dump` and review the diff)', async () => {
    const { url } = await createDatabase()
    expect(await dumpAfterSetup(url, 'langgraph'), 'npm run schema:dump').toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test('is set up by the first use', async () => {
    const { url } = await createDatabase()
    expect(await works(checkpointerOn(url))).toBe(true)
  })

  test('is read as one without threads', async () => {
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

  test('is left empty if setup fails, and is set up by the next call that may', async () => {
    const { url } = await createDatabase()
    const role = await roleOn(url)
    const checkpointer = checkpointerOn(role.url)
    const refused = {
      code: 'SCHEMA_OUTDATED',
      found: 0,
      message: expect.stringMatching(
        new RegExp(`The role "${role.name}" may not create .*migrationSql\\(\\)`),
      ) as string,
      cause: expect.objectContaining({ code: '42501' }) as Error,
    }
    await expect(checkpointer.setup()).rejects.toMatchObject(refused)
    await expect(new TestThread(checkpointer).put({})).rejects.toMatchObject(refused)
    expect((await role.admin.query(`select from pg_namespace where nspname = 'langgraph'`)).rowCount).toBe(0)
    await role.admin.query(`grant create on database ${new URL(url).pathname.slice(1)} to ${role.name}`)
    expect(await works(checkpointer)).toBe(true)
  })

  test('can be set up by a role that may only write in an existing schema', async () => {
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
      grant select, insert, update, delete on langgraph.threads, langgraph.checkpoints, langgraph.writes, langgraph.parts to ${role.name};
      grant select on langgraph.migrations to ${role.name}`)
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
  test('is reported to a role that may not change it, with the remedy', async () => {
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
      grant select, insert, update, delete on langgraph.threads, langgraph.checkpoints, langgraph.writes, langgraph.parts to ${role.name};
      grant select on langgraph.migrations to ${role.name}`)
    expect(await works(checkpointer)).toBe(true)
  })

  test('is not looked at with migrations: off', async () => {
    const { url } = await createDatabase()
    const checkpointer = checkpointerOn(url, { migrations: 'off' })
    await expect(new TestThread(checkpointer).read()).rejects.toMatchObject({ code: '3F000' })
    await checkpointer.setup()
    expect(await works(checkpointer)).toBe(true)
  })

  test.each(['auto', 'check'] as const)('is refused if a newer release migrated it (%s)', async (migrations) => {
    const { url } = await createDatabase()
    await checkpointerOn(url).setup()
    const client = await clientOn(url)
    await client.query(`insert into langgraph.migrations values (2, '0002_new', 1, now()), (7, '0007_break', 3, now())`)
    const refused = {
      code: 'SCHEMA_TOO_NEW',
      found: 7,
      needed: 1,
      message: expect.stringMatching(/newer than this release knows .*Upgrade/) as string,
    }
    const checkpointer = checkpointerOn(url, { migrations })
    await expect(checkpointer.setup()).rejects.toMatchObject(refused)
    await expect(new TestThread(checkpointer).read()).rejects.toMatchObject(refused)
  })

  test('is used if a newer release migrated it and this release can work with it', async () => {
    const { url } = await createDatabase()
    await checkpointerOn(url).setup()
    const client = await clientOn(url)
    await client.query(`insert into langgraph.migrations values (2, '0002_new', 1, now())`)
    expect(await works(checkpointerOn(url))).toBe(true)
    expect(await works(checkpointerOn(url, { migrations: 'check' }))).toBe(true)
  })
})

describe('an older database', () => {
  /** With a version that no release has. */
  const newer = (sql: string): readonly Migration[] => [
    ...MIGRATIONS,
    { version: MIGRATIONS.length + 1, name: 'made_up', sql, requires: 1, functions: '' },
  ]
  async function migrateTo(url: string, migrations: readonly Migration[]): Promise<void> {
    const driver = openDriver(url, {
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 10_000,
      preparedStatements: false,
      meter: new Meter(),
    })
    try {
      await migrate(driver, 'langgraph', 'auto', migrations)
    } finally {
      await driver.end()
    }
  }

  test('has after a migration, from whichever version, what an empty one has', async () => {
    for (const { version } of MIGRATIONS) {
      const { url } = await createDatabase()
      await migrateTo(url, MIGRATIONS.slice(0, version))
      await migrateTo(url, MIGRATIONS)
      expect(await dumpSchema(await clientOn(url), 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
    }
  })

  test('gets all functions as they are now, although only they have changed', async () => {
    const { url } = await createDatabase()
    await migrateTo(url, MIGRATIONS)
    const client = await clientOn(url)
    await client.query(`
      create or replace function langgraph.head_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text)
      returns text language sql as 'select null::text';
      drop function langgraph.put_parts_1;
      drop function langgraph.delete_thread_1`)
    expect(await dumpSchema(client, 'langgraph')).not.toBe(await readFile(DUMP_FILE, 'utf8'))
    await migrateTo(url, MIGRATIONS) // is at this version already
    expect(await dumpSchema(client, 'langgraph')).not.toBe(await readFile(DUMP_FILE, 'utf8'))
    await migrateTo(url, newer('-- Only functions change.'))
    expect(await dumpSchema(client, 'langgraph')).toBe(await readFile(DUMP_FILE, 'utf8'))
    const { rows } = await client.query('select version from langgraph.migrations order by version')
    expect(rows.map((row: { version: number }) => row.version)).toStrictEqual([
      ...MIGRATIONS.map(({ version }) => version),
      MIGRATIONS.length + 1,
    ])
  })

  test('gets what is new of tables, and is then the same as one that was empty', async () => {
    const [old, empty] = [await createDatabase(), await createDatabase()]
    await migrateTo(old.url, MIGRATIONS)
    await migrateTo(old.url, newer('alter table :schema.threads add column made_up integer'))
    await migrateTo(empty.url, newer('alter table :schema.threads add column made_up integer'))
    const dump = await dumpSchema(await clientOn(old.url), 'langgraph')
    expect(dump).toContain('\n  made_up integer\n')
    expect(dump).toBe(await dumpSchema(await clientOn(empty.url), 'langgraph'))
  })
})

test('the newest version of MIGRATIONS has the digest of the functions as they are now', () => {
  const digest = functionsDigest()
  expect(
    MIGRATIONS.at(-1)?.functions,
    `A file in sql/functions has changed, and databases at version ${MIGRATIONS.length} are not looked at again.
If that version was released, add a migration to MIGRATIONS in src/pg/migrations.ts, with an empty file in sql/ if no table changes.
Its digest of the functions, or the new one of a version that was not released, is '${digest}'. Then: npm run schema:dump`,
  ).toBe(digest)
})

describe('an unsuitable server', () => {
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

describe('a schema that is there already, without tables', () => {
  const present = async (client: Client) =>
    (await client.query(`select from pg_class where relnamespace = 'langgraph'::regnamespace`)).rowCount
  const refused = (owner: string) => ({
    code: 'SERVER_UNSUITABLE',
    message: expect.stringMatching(new RegExp(`"langgraph" belongs to the role "${owner}".*alter schema`)) as string,
  })

  test('is refused where it belongs to another role, also for a superuser, and nothing is made in it', async () => {
    const { url } = await createDatabase()
    const [attacker, role] = [await roleOn(url, 'attacker'), await roleOn(url)]
    await attacker.admin.query(`create schema langgraph authorization ${attacker.name}`)
    await attacker.admin.query(`grant usage, create on schema langgraph to public`)
    await expect(checkpointerOn(role.url).setup()).rejects.toMatchObject(refused(attacker.name))
    await expect(new TestThread(checkpointerOn(role.url)).read()).rejects.toMatchObject(refused(attacker.name))
    await expect(checkpointerOn(url).setup()).rejects.toMatchObject(refused(attacker.name))
    expect(await present(attacker.admin)).toBe(0)
    await attacker.admin.query(`alter schema langgraph owner to ${role.name}`)
    expect(await works(checkpointerOn(role.url))).toBe(true)
  })

  test('is used where it belongs to the role itself, to one that it is a member of, or to the owner of the database', async () => {
    for (const whose of ['own', 'group', 'database', 'pg_database_owner', 'superuser'] as const) {
      const { url } = await createDatabase()
      const [role, group, owner] = [await roleOn(url), await roleOn(url, 'group'), await roleOn(url, 'owner')]
      const names = { own: role.name, group: group.name, database: owner.name, superuser: 'current_user' }
      await role.admin.query(`
        grant ${group.name} to ${role.name};
        alter database ${new URL(url).pathname.slice(1)} owner to ${owner.name};
        create schema langgraph authorization ${whose === 'pg_database_owner' ? whose : names[whose]};
        grant usage, create on schema langgraph to ${role.name}`)
      expect([whose, await works(checkpointerOn(role.url))]).toStrictEqual([whose, true])
      await role.admin.query(`alter database ${new URL(url).pathname.slice(1)} owner to current_user`)
    }
  })

  test('is not looked at where the tables are in it already', async () => {
    const { url } = await createDatabase()
    const [owner, role] = [await roleOn(url, 'owner'), await roleOn(url)]
    await owner.admin.query(`create schema langgraph authorization ${owner.name}`)
    await checkpointerOn(owner.url).setup()
    await owner.admin.query(`grant usage on schema langgraph to ${role.name};
      grant select, insert, update, delete on langgraph.threads, langgraph.checkpoints, langgraph.writes, langgraph.parts to ${role.name};
      grant select on langgraph.migrations to ${role.name}`)
    expect(await works(checkpointerOn(role.url))).toBe(true)
  })
})

describe('a schema with tables of another program', () => {
  const tablesOf = async (client: Client, schema: string): Promise<string[]> => {
    const { rows } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by 1`,
      [schema],
    )
    return rows.map(({ name }) => name)
  }

  test.each(['auto', 'check'] as const)(
    'is refused where the other is PostgresSaver, and stays as it is (migrations: %s)',
    async (migrations) => {
      const { url } = await createDatabase()
      const saver = PostgresSaver.fromConnString(url, { schema: 'saver' })
      open.push(saver)
      await saver.setup()
      const client = await clientOn(url)
      const before = await tablesOf(client, 'saver')
      const checkpointer = checkpointerOn(url, { schema: 'saver', migrations })
      await expect(new TestThread(checkpointer).read()).rejects.toMatchObject({
        code: 'SERVER_UNSUITABLE',
        message: expect.stringMatching(
          /^The schema "saver" has tables of PostgresSaver .*checkpoint_blobs.*Choose another schema/,
        ) as string,
      })
      expect(await tablesOf(client, 'saver')).toStrictEqual(before)
      expect(await works(checkpointerOn(url))).toBe(true) // beside it
      expect(await tablesOf(client, 'saver')).toStrictEqual(before)
    },
  )

  test.each(['create table app.threads (id integer)', 'create table app.migrations (id integer)'])(
    'is refused where the other made a table by: %s',
    async (sql) => {
      const { url } = await createDatabase()
      const client = await clientOn(url)
      await client.query(`create schema app; ${sql}`)
      const before = await tablesOf(client, 'app')
      const checkpointer = checkpointerOn(url, { schema: 'app' })
      await expect(checkpointer.setup()).rejects.toMatchObject({
        code: 'SERVER_UNSUITABLE',
        message: expect.stringMatching(/"app" has tables of another program .*Choose another schema/) as string,
      })
      expect(await tablesOf(client, 'app')).toStrictEqual(before)
    },
  )
})

describe('the printed SQL', () => {
  test('makes the same schema, which is then current', async () => {
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

  test('with lz4 is refused only by a server without lz4', async () => {
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

  test('runs in one transaction under the lock', () => {
    const sql = PgCheckpointer.migrationSql({ lz4: true })
    expect(sql).toMatch(/^begin;\n\s*select pg_catalog\.pg_advisory_xact_lock\(/)
    expect(sql).toMatch(/\ncommit;\n$/)
    expect(sql).not.toMatch(/:schema|:lz4|concurrently/)
  })
})

describe('the schema name', () => {
  test.each([
    'user',
    'select',
    '_',
    'a$b',
    'a$$b',
    'x$body$',
    `x${'y'.repeat(62)}`,
    `${'ü'.repeat(31)}x`,
    'Upper',
    'Public',
    'with space',
    '1st',
    '$1',
    'my-app.v2',
    "a'b",
    "a\\' or true --",
    'back\\',
    ':schema :lz4',
    '$BODY$ $BODY_$',
    '-- /* ;',
    '--;;',
    '%s',
    'Größe 🐘',
  ])('can be %j', async (schema) => {
    const { url } = await createDatabase()
    const checkpointer = checkpointerOn(url, { schema })
    expect(await works(checkpointer)).toBe(true)
    expect(await checkpointer.health()).toMatchObject({ healthy: true })
    expect(await works(checkpointerOn(url, { schema, migrations: 'check' }))).toBe(true)
    const client = await clientOn(url)
    const { rows } = await client.query(`select nspname as name from pg_namespace where nspname !~ '^pg_'`)
    expect(rows.map((row: { name: string }) => row.name).toSorted()).toStrictEqual(
      ['information_schema', 'public', schema].toSorted(),
    )
    await checkpointer.deleteThread('unknown')
    expect(await dumpAfterSetup(url, schema)).toBe(await readFile(DUMP_FILE, 'utf8'))
  })

  test.each([
    '',
    'public',
    'pg_catalog',
    'pg_mine',
    'information_schema',
    'a"b',
    'a\0b',
    'a\nb',
    'langgraph\r',
    '\ud800',
    'x"; drop table threads; --',
    'langgraph"."threads',
    `x${'y'.repeat(63)}`,
    'ü'.repeat(32),
    7,
    null,
    ['langgraph'],
    { toString: () => 'langgraph' },
  ])('is refused as %j', (schema) => {
    const options = { connection: 'postgres://localhost:1/none', schema: schema as string }
    const refused = expect.objectContaining({ code: 'INVALID_OPTIONS', option: 'schema' })
    expect(() => new PgCheckpointer(options)).toThrow(refused)
    expect(() => PgCheckpointer.migrationSql({ schema: options.schema, lz4: true })).toThrow(refused)
  })

  test.each(['with space', "a\\' or true --", 'back\\'])(
    'is %j in the printed SQL, too, whatever standard_conforming_strings is',
    async (schema) => {
      const { url } = await createDatabase()
      const client = await clientOn(url)
      await client.query('set standard_conforming_strings = off')
      await client.query(PgCheckpointer.migrationSql({ schema, lz4: false }))
      expect(await works(checkpointerOn(url, { schema, migrations: 'check' }))).toBe(true)
    },
  )

  test('differs where its case differs', async () => {
    const { url } = await createDatabase()
    const [a, b] = ['app', 'App'].map((schema) => new TestThread(checkpointerOn(url, { schema }), '', 'same'))
    await a!.put({ x: 'a' })
    expect(await b!.read()).toBeUndefined()
  })

  test('two schemas in one database are separate', async () => {
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
