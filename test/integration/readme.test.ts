/** What README.md and docs/ say: their code runs, their commands and links work, their claims hold. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Pool } from 'pg'
import { FORMAT_VERSION } from '../../src/codec/format.ts'
import { LosslessSerializer, PgCheckpointer } from '../../src/index.ts'
import { SCHEMA_VERSION } from '../../src/pg/migrations.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { createDatabase } from '../support/database.ts'
import { runCode } from '../support/run-program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')
const aboutValues = read('docs/values.md')
const pages = readdirSync(join(root, 'docs')).map((file) => read(join('docs', file)))
const programs = [readme, ...pages].flatMap((document) => codeBlocks(document, 'ts'))
const manifest = JSON.parse(read('package.json')) as {
  name: string
  version: string
  scripts: Record<string, string>
  peerDependencies: Record<string, string>
  peerDependenciesMeta: Record<string, { optional?: boolean }>
}

test('the first program is the quickstart', () => {
  expect(programs[0]).toBe(read('examples/quickstart.ts'))
})

test.each(programs.map((code, i) => [i + 1, code] as const))('program %i runs', async (_, code) => {
  const { url } = await createDatabase()
  await expect(runCode(code, { DATABASE_URL: url })).resolves.toEqual(expect.any(String))
})

test('the programs have no type errors', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'checkpointer-readme-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'), 'junction')
  for (const [i, code] of programs.entries()) await writeFile(join(dir, `program-${i + 1}.mts`), code)
  const compilerOptions = {
    rootDir: '/',
    noEmit: true,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  }
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.mts'] }
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(config))
  const tsc = promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', dir])
  await expect(tsc.catch(({ stdout }: { stdout: string }) => ({ stdout }))).resolves.toMatchObject({ stdout: '' })
})

test('the printed SQL and the grants let a role without further rights work', async () => {
  const { url } = await createDatabase()
  const admin = new Pool({ connectionString: url })
  admin.on('error', () => {}) // it may still be saying goodbye when its database is dropped
  const role = `application_${url.split('_').at(-1)?.slice(0, 12)}`
  const withRole = (sql: string): Promise<unknown> => admin.query(sql.replaceAll('application', role))
  onTestFinished(async () => {
    await withRole('drop owned by application; drop role application')
    await admin.end()
  })
  const printing = programs.find((code) => code.includes('migrationSql')) ?? ''
  const { rows } = await admin.query<{ version: string }>(`select current_setting('server_version_num') as version`)
  await admin.query(await runCode(printing.replace('180000', rows[0]!.version), {}))
  await withRole(
    `create role application login password 'secret'; ${codeBlocks(read('docs/operations.md'), 'sql').join('\n')}`,
  )

  const connection = Object.assign(new URL(url), { username: role, password: 'secret' }).href
  const checkpointer = new PgCheckpointer({ connection, migrations: 'check' })
  const config = { configurable: { thread_id: 't' } }
  const empty = { v: 4, id: '1', ts: '', channel_values: {}, channel_versions: {}, versions_seen: {} }
  const stored = await checkpointer.put(config, empty, { source: 'input', step: -1, parents: {} }, {})
  await checkpointer.putWrites(stored, [['channel', 'value']], 'task')
  expect((await checkpointer.getTuple(config))?.pendingWrites).toEqual([['task', 'channel', 'value']])
  await checkpointer.deleteThread('t')
  expect(await checkpointer.getTuple(config)).toBeUndefined()
  await expect(withRole('set role application; create table langgraph.t ()')).rejects.toThrow('denied')
  await checkpointer.end()
})

test('the commands exist', () => {
  const [demo, tests, install, ...others] = codeBlocks(readme, 'sh').map((code) => code.trim())
  expect(others).toEqual([])
  expect([demo, tests]).toEqual(['npm ci && npm run demo', 'npm ci && npm test'])
  expect(manifest.scripts).toMatchObject({
    demo: 'tsx examples/demo/demo.ts',
    test: expect.stringMatching(/^vitest run/),
  })

  const peers = Object.keys(manifest.peerDependencies).filter((name) => !manifest.peerDependenciesMeta[name]?.optional)
  const brought = ['@langchain/langgraph-checkpoint'] // by @langchain/langgraph
  expect(install?.split(' ')).toEqual(
    expect.arrayContaining(['npm', 'install', manifest.name, ...peers.filter((name) => !brought.includes(name))]),
  )
})

test('links lead to files', () => {
  const targets = ['README.md', 'src/codec/README.md', 'sql/README.md'].flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => join(file, '..', target ?? '')),
  )
  expect(targets.length).toBeGreaterThan(5)
  expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([])
})

test('the table of versions is current', () => {
  const rows = [...readme.matchAll(/^\| (package|schema|format)[^|]*\| ([\d.]+) \|/gm)].map(([, what, version]) => [
    what,
    version,
  ])
  expect(Object.fromEntries(rows)).toEqual({
    package: manifest.version,
    schema: String(SCHEMA_VERSION),
    format: String(FORMAT_VERSION),
  })
})

class Foo {
  readonly field = 1
}
const cycle: Record<string, unknown> = {}
cycle['me'] = cycle

test.each<readonly [kind: string, value: unknown]>([
  ['function', () => 1],
  ['symbol', Symbol('s')],
  ['symbol-keyed property', { [Symbol('s')]: 1 }],
  ['cycle', cycle],
  ['Promise', Promise.resolve()],
  ['generator or iterator', [1].values()],
  ['Proxy', new Proxy(new Map(), {})],
  ['bigint of more than 100,000 digits', 10n ** 100_000n],
  ['WeakMap', new WeakMap()],
])('a value of kind %s is refused', async (kind, value) => {
  expect(aboutValues).toContain(`\`${kind}\``)
  await expect(new LosslessSerializer().dumpsTyped(value)).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE', kind })
})

test.each<readonly [kind: string, value: unknown]>([
  ['class Foo', new Foo()],
  ['boxed primitive', new String('x')],
  ['Proxy', new Proxy({}, {})],
])('a value of kind %s is refused where that is asked for', async (kind, value) => {
  expect(aboutValues).toContain(`\`${kind}\``)
  const serializer = new LosslessSerializer({ unknownClasses: 'reject' })
  await expect(serializer.dumpsTyped(value)).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE', kind })
})
