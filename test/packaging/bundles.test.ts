/** Programs that a bundler has put into one file, run where there are no packages and no files but that one. */
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build as esbuild, type Format } from 'esbuild'
import { build as vite } from 'vite'
import { createDatabase, redisUrl, testSchema } from '../support/database.ts'
import { newProject, packPackage, run, type PackedPackage } from '../support/package.ts'
import { newPrefix } from '../support/tiers.ts'

let packed: PackedPackage
beforeAll(async () => {
  packed = await packPackage()
})
afterAll(() => packed.remove())

/** Creates the tables, and stores and reads a thread, with Redis where there is a URL of one. */
const PROGRAM = `
  import { tracingChannel } from 'node:diagnostics_channel'
  import { HumanMessage } from '@langchain/core/messages'
  import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
  import { PgCheckpointer } from 'langgraph-pg-checkpointer'

  async function main() {
    const { URL: connection, SCHEMA: schema, REDIS: redis, PREFIX: redisPrefix } = process.env
    const open = () =>
      new PgCheckpointer({ connection, schema, redis, redisPrefix, redisTimeoutMs: 10_000, cacheBytes: 0 })
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('model', () => ({ messages: [new HumanMessage('y'.repeat(3000))] }))
      .addEdge(START, 'model')
    const thread = { configurable: { thread_id: 't' } }
    const names = []
    tracingChannel('langgraph-pg-checkpointer:put').subscribe({ start: ({ checkpointer }) => (names[0] = checkpointer) })
    try {
      new PgCheckpointer({ connection, shcema: schema })
    } catch (error) {
      names[1] = error.name
    }
    const writer = open()
    await graph.compile({ checkpointer: writer }).invoke({ messages: ['x'] }, thread)
    await writer.end()
    const reader = open()
    const { values } = await graph.compile({ checkpointer: reader }).getState(thread)
    const { redis: cache } = reader.stats()
    await reader.end()
    const messages = values.messages.map((message) => [message instanceof HumanMessage, message.text.length])
    console.log(JSON.stringify({ messages, hits: cache?.hits > 0, names }))
  }
  void main()
`

/** Bundles PROGRAM in a project of its own, and moves the result to an empty directory. Gives its path. */
async function bundled(
  bundle: (entry: string, outDir: string) => Promise<unknown>,
  without: readonly string[] = [],
): Promise<string> {
  const [project, alone] = [await newProject(packed, without), await mkdtemp(join(tmpdir(), 'checkpointer-bundle-'))]
  onTestFinished(() => rm(alone, { recursive: true, force: true }))
  try {
    await writeFile(join(project, 'program.mjs'), PROGRAM)
    await bundle(join(project, 'program.mjs'), join(project, 'out'))
    await cp(join(project, 'out'), alone, { recursive: true })
  } finally {
    await rm(project, { recursive: true, force: true })
  }
  const [file = '', ...more] = (await readdir(alone)).filter((name) => name.startsWith('program'))
  expect(more).toEqual([])
  return join(alone, file)
}

async function outputOf(file: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { url } = await createDatabase()
  return JSON.parse(await run(process.execPath, [file], join(file, '..'), { URL: url, SCHEMA: testSchema, ...env }))
}

const NAMES = ['PgCheckpointer', 'OptionsError']
const MESSAGES = [
  [true, 1],
  [true, 3000],
]

function withEsbuild(format: Format, minify = false) {
  return (entry: string, outDir: string) =>
    esbuild({
      entryPoints: [entry],
      outfile: join(outDir, format === 'esm' ? 'program.mjs' : 'program.cjs'),
      bundle: true,
      minify, // which renames classes
      platform: 'node',
      target: 'node20',
      format,
      logLevel: 'error',
      // What everybody has to give to esbuild who bundles packages of CommonJS, such as pg, into an ES module.
      ...(format === 'esm' && {
        banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)` },
      }),
    })
}

function withViteSsr(entry: string, outDir: string) {
  return vite({
    root: join(entry, '..'),
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: entry, outDir, target: 'node20' },
  })
}

const BUNDLERS = [
  ['esbuild as an ES module', withEsbuild('esm')],
  ['esbuild as CommonJS, minified', withEsbuild('cjs', true)],
  ['Vite for the server', withViteSsr],
] as const

test.each(BUNDLERS)(
  'bundled by %s, a program creates the tables, uses Redis, and reads what it stored',
  async (_, bundle) => {
    const file = await bundled(bundle)
    const redis = { REDIS: redisUrl(), PREFIX: newPrefix() }
    expect(await outputOf(file, redis)).toEqual({ messages: MESSAGES, hits: true, names: NAMES })
  },
)

test.each(BUNDLERS)(
  'bundled by %s where ioredis is not installed, a program works without Redis',
  async (_, bundle) => {
    const file = await bundled(bundle, ['ioredis'])
    expect(await outputOf(file)).toEqual({ messages: MESSAGES, hits: false, names: NAMES })
  },
)
