/** What the constructors refuse, and how they say it. No server is needed: a pool connects at its first use. */
import { inspect } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { InMemoryCheckpointer, LosslessSerializer, OptionsError, PgCheckpointer } from '../../src/index.ts'

/** The classes as JavaScript sees them. */
const Pg = PgCheckpointer as unknown as new (...args: unknown[]) => unknown
const InMemory = InMemoryCheckpointer as unknown as new (...args: unknown[]) => unknown
const Serializer = LosslessSerializer as unknown as new (...args: unknown[]) => unknown
const statics = PgCheckpointer as unknown as Record<'fromConnString' | 'migrationSql', (...args: unknown[]) => unknown>
const fromConnString = (...args: unknown[]) => statics.fromConnString(...args)
const migrationSql = (...args: unknown[]) => statics.migrationSql(...args)

const SECRET = 'hunter2'
const url = `postgres://user:${SECRET}@localhost:5432/none`
const pool = new pg.Pool({ connectionString: url })
const serde = new LosslessSerializer()
const codec = { name: 'A', matches: () => false, toData: () => 1, fromData: () => 1 }

/** @returns the OptionsError, which holds nothing of a password */
function refusalOf(call: () => unknown): OptionsError {
  const error = thrownBy(call)
  if (!(error instanceof OptionsError)) throw new Error('No option was refused.', { cause: error })
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET)
  return error
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

type Case = readonly [what: string, call: () => unknown, option: string, message: RegExp]

test.each<Case>([
  ['no options', () => new Pg(), 'connection', /got no options\. Pass .*DATABASE_URL, check that it is set/],
  ['options that are null', () => new Pg(null), 'options', /must be an object; got null/],
  ['options without a connection', () => new Pg({}), 'connection', /is missing; got undefined.*DATABASE_URL/],
  ['an undefined connection', () => new Pg({ connection: undefined }), 'connection', /is missing; got undefined/],
  ['a connection that is null', () => new Pg({ connection: null }), 'connection', /got null\. Pass/],
  ['a connection that is an array', () => new Pg({ connection: [url] }), 'connection', /got array\. Pass/],
  [
    'an empty connection',
    () => new Pg({ connection: '' }),
    'connection',
    /an empty string\. Is the environment variable/,
  ],
  ['fromConnString without a URL', () => fromConnString(), 'connection', /got undefined.*DATABASE_URL/],
  ['a URL in the place of options', () => new Pg(url), 'connection', /got a string\. Pass \{ connection: url \}/],
  ['a pool in the place of options', () => new Pg(pool), 'connection', /got a pool\. Pass \{ connection: pool \}/],
  ["PostgresSaver's arguments", () => new Pg(pool, serde), 'connection', /\{ connection: pool \}.*the option serde/],
  [
    'a client in the place of options',
    () => new Pg(new pg.Client()),
    'connection',
    /got a pg\.Client\. Make a pg\.Pool\. Pass/,
  ],
  [
    'a client as the connection',
    () => new Pg({ connection: new pg.Client() }),
    'connection',
    /got a pg\.Client\. Pass/,
  ],
  [
    'a serializer in the place of options',
    () => new Pg(serde),
    'serde',
    /new PgCheckpointer\(\{ connection, serde \}\)/,
  ],
  ['a serializer beside the options', () => new Pg({ connection: pool }, serde), 'serde', /\{ connection, serde \}/],
  ['options beside the options', () => new Pg({ connection: pool }, { schema: 'x' }), 'options', /the only argument/],
  ['fromConnString with a serializer', () => fromConnString(url, serde), 'serde', /must be among the options/],
  [
    'fromConnString with a schema name',
    () => fromConnString(url, 'memory'),
    'options',
    /must be an object; got string/,
  ],
  ["MemorySaver's argument", () => new InMemory(serde), 'serde', /new InMemoryCheckpointer\(\{ serde \}\)/],
  ['null for InMemoryCheckpointer', () => new InMemory(null), 'options', /must be an object; got null/],
  ['no options for migrationSql', () => migrationSql(), 'options', /must be an object; got undefined/],
])('%s: refused, with what to pass instead', (_what, call, option, message) => {
  expect(refusalOf(call)).toMatchObject({
    code: 'INVALID_OPTIONS',
    option,
    message: expect.stringMatching(message) as string,
  })
})

test('a PGlite in the place of options is refused', async () => {
  const db = await PGlite.create()
  expect(refusalOf(() => new Pg(db)).message).toMatch(/got a PGlite\. Pass \{ connection: db \}/)
  await db.close()
})

test("PostgresSaver's fromConnString with a schema works, and undefined stands for the default of any option", () => {
  expect(fromConnString(url, { schema: 'memory' })).toBeInstanceOf(PgCheckpointer)
  const unset = { schema: undefined, tenant: undefined, serde: undefined, limits: { maxDepth: undefined } }
  const all = { ...unset, migrations: undefined, preparedStatements: undefined, classes: undefined, redis: undefined }
  expect(new Pg({ connection: pool, ...all })).toBeInstanceOf(PgCheckpointer)
  expect(new InMemory({ limits: undefined, clock: undefined, maxBytes: undefined })).toBeInstanceOf(
    InMemoryCheckpointer,
  )
})

test('a limit that is undefined has its default', async () => {
  const { rules } = new LosslessSerializer({ maxDepth: undefined } as unknown as { maxDepth: number })
  expect(rules.maxDepth).toBe(1000)
})

test.each<readonly [call: (options: object) => unknown, given: object, option: string, nearest: string]>([
  [(options) => new Pg({ connection: pool, ...options }), { shcema: 'x' }, 'shcema', 'schema'],
  [(options) => new Pg({ connection: pool, ...options }), { Schema: 'x' }, 'Schema', 'schema'],
  [(options) => new Pg({ connection: pool, ...options }), { schemaName: 'x' }, 'schemaName', 'schema'],
  [(options) => new Pg({ connection: pool, ...options }), { retryMS: 1 }, 'retryMS', 'retryMs'],
  [(options) => new Pg({ connection: pool, ...options }), { cache: 1 }, 'cache', 'cacheBytes'],
  [(options) => new Pg({ connection: pool, ...options }), { redisTtl: 1 }, 'redisTtl', 'redisTtlSeconds'],
  [(options) => new Pg({ connection: pool, ...options }), { redisTimeoutMS: 1 }, 'redisTimeoutMS', 'redisTimeoutMs'],
  [(options) => new Pg({ connection: pool, ...options }), { limits: { maxDept: 1 } }, 'limits.maxDept', 'maxDepth'],
  [(options) => new Pg({ connection: pool, ...options }), { shcema: undefined }, 'shcema', 'schema'],
  [(options) => new Pg(options), { connectionString: url }, 'connectionString', 'connection'],
  [(options) => new Pg(options), { conection: url }, 'conection', 'connection'],
  [(connection) => new Pg({ connection }), { conectionString: url }, 'connection.conectionString', 'connectionString'],
  [(connection) => new Pg({ connection }), { passwort: SECRET }, 'connection.passwort', 'password'],
  [(options) => new InMemory(options), { maxThread: 1 }, 'maxThread', 'maxThreads'],
  [(options) => new InMemory(options), { limits: { MaxChars: 1 } }, 'limits.MaxChars', 'maxChars'],
  [(options) => new Serializer(options), { maxItem: 1 }, 'maxItem', 'maxItems'],
  [(options) => migrationSql(options), { lz4: true, shema: 'x' }, 'shema', 'schema'],
])('%#: an unknown name is refused, with the nearest known one', (call, given, option, nearest) => {
  const { message, option: named } = refusalOf(() => call(given))
  expect([named, message]).toEqual([option, `Option ${option} is unknown. Did you mean \`${nearest}\`?`])
})

test('an unknown name that is near to none is refused with all names, and one that may be a value is not repeated', () => {
  expect(refusalOf(() => new InMemory({ foo: 1 }))).toMatchObject({
    option: 'foo',
    message:
      'Option foo is unknown. The names are: serde, limits, classes, unknownClasses, maxBytes, maxThreads, clock.',
  })
  expect(refusalOf(() => new InMemory({ [url]: 1 }))).toMatchObject({ option: 'options' })
  expect(refusalOf(() => new InMemory({ ['__proto__']: 1 }))).toMatchObject({ option: '__proto__' })
  expect(refusalOf(() => new InMemory({ constructor: 1 }))).toMatchObject({ option: 'constructor' })
})

test('options of node-postgres that are not known here are left to it', () => {
  expect(new Pg({ connection: { connectionString: url, binary: true, newInPg9: 1 } })).toBeInstanceOf(PgCheckpointer)
})

const ofPg = (options: object) => () => new Pg({ connection: pool, ...options })
const inMemory = (options: object) => () => new InMemory(options)

test.each<readonly [option: string, kind: string, call: () => unknown]>([
  ['limits.maxDepth', 'a negative number', ofPg({ limits: { maxDepth: -1 } })],
  ['limits.maxDepth', 'a negative number', inMemory({ limits: { maxDepth: -1 } })],
  ['limits.maxChars', '0', inMemory({ limits: { maxChars: 0 } })],
  ['limits.maxItems', 'NaN', inMemory({ limits: { maxItems: Number.NaN } })],
  ['limits.maxWrites', 'Infinity', inMemory({ limits: { maxWrites: Number.POSITIVE_INFINITY } })],
  ['limits.maxMetadataChars', 'null', inMemory({ limits: { maxMetadataChars: null } })],
  ['limits', 'null', ofPg({ limits: null })],
  ['limits', 'array', inMemory({ limits: [] })],
  ['limits', 'number', inMemory({ limits: 7 })],
  ['serde', 'null', ofPg({ serde: null })],
  ['serde', 'object', inMemory({ serde: { dumpsTyped: () => {} } })],
  ['serde', 'string', inMemory({ serde: SECRET })],
  ['classes', 'null', ofPg({ classes: null })],
  ['classes', 'object', inMemory({ classes: codec })],
  ['unknownClasses', 'null', inMemory({ unknownClasses: null })],
  ['unknownClasses', 'another string', ofPg({ unknownClasses: SECRET })],
  ['clock', 'null', inMemory({ clock: null })],
  ['clock', 'number', inMemory({ clock: 7 })],
  ['maxBytes', 'null', inMemory({ maxBytes: null })],
  ['maxBytes', 'string', inMemory({ maxBytes: '7' })],
  ['maxThreads', '0', inMemory({ maxThreads: 0 })],
  ['migrations', 'null', ofPg({ migrations: null })],
  ['migrations', 'another string', ofPg({ migrations: SECRET })],
  ['preparedStatements', 'null', ofPg({ preparedStatements: null })],
  ['preparedStatements', 'string', ofPg({ preparedStatements: 'false' })],
  ['tenant', 'null', ofPg({ tenant: null })],
  ['tenant', 'number', ofPg({ tenant: 7 })],
  ['schema', 'null', ofPg({ schema: null })],
  ['retryMs', 'null', ofPg({ retryMs: null })],
  ['connectTimeoutMs', '0', ofPg({ connectTimeoutMs: 0 })],
  ['statementTimeoutMs', 'a number outside this range', ofPg({ statementTimeoutMs: 2 ** 31 })],
  ['cacheBytes', 'a number with a fraction', ofPg({ cacheBytes: 1.5 })],
  ['cacheBytes', 'string', ofPg({ cacheBytes: SECRET })],
  ['redis', 'null', ofPg({ redis: null })],
  ['redis', 'number', ofPg({ redis: 7 })],
  ['redisPrefix', 'null', ofPg({ redisPrefix: null })],
  ['redisPrefix', 'another string', ofPg({ redisPrefix: `{${SECRET}}` })],
  ['redisTtlSeconds', '0', ofPg({ redisTtlSeconds: 0 })],
  ['lz4', 'undefined', () => migrationSql({})],
  ['from', 'a number outside this range', () => migrationSql({ lz4: true, from: 1000 })],
])('%s is refused for a value of the kind %s, which alone is told', (option, kind, call) => {
  const refused = refusalOf(call)
  expect(refused).toMatchObject({ code: 'INVALID_OPTIONS', option })
  expect(refused.message).toMatch(new RegExp(`^Option ${option} must be .*[; .][Gg]ot ${kind}\\.`))
})

test.each([
  `postgres://user:${SECRET}#more@localhost/app`,
  `postgres://user:more/${SECRET}@localhost:5432/app`,
  `${SECRET} is no URL`,
  `postgres//user:${SECRET}@localhost/app`,
  `postgres://user:${SECRET}@localhost/app?sslrootcert=/no/such/file`,
])('the connection string %s is refused, and not repeated', (connectionString) => {
  const refused = { message: expect.stringContaining('is not a valid URL') as string }
  expect(refusalOf(() => new Pg({ connection: connectionString }))).toMatchObject({ ...refused, option: 'connection' })
  const option = 'connection.connectionString'
  expect(refusalOf(() => new Pg({ connection: { connectionString } }))).toMatchObject({ ...refused, option })
})

test('options of a pool whose URL is not set are refused, unless they name a host', () => {
  expect(refusalOf(() => new Pg({ connection: { connectionString: undefined, max: 1 } }))).toMatchObject({
    option: 'connection.connectionString',
    message: expect.stringContaining('Is the environment variable set?') as string,
  })
  expect(new Pg({ connection: { connectionString: undefined, host: 'localhost' } })).toBeInstanceOf(PgCheckpointer)
  expect(new Pg({ connection: { max: 1 } })).toBeInstanceOf(PgCheckpointer)
})

test.each([
  'postgres://localhost',
  'postgresql://%2Fvar%2Frun/app',
  '/var/run/postgresql app',
  'socket:/var/run?db=app',
])('the connection string %s is taken', (connection) => {
  expect(new Pg({ connection })).toBeInstanceOf(PgCheckpointer)
})
