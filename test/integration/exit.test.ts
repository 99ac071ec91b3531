/** A program that does not call end() ends by itself, as soon as its work is done. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createDatabase, redisUrl } from '../support/database.ts'
import { newPrefix } from '../support/tiers.ts'

const source = new URL('../../src/index.ts', import.meta.url).href

/**
 * Its pool never closes an idle connection, so that the connections are still there when the program has nothing left
 * to do: it ends only if none of them keeps it alive.
 */
const PROGRAM = `
  import { PgCheckpointer } from ${JSON.stringify(source)}
  const { url, redis, redisPrefix } = JSON.parse(process.env.OPTIONS)
  const checkpointer = new PgCheckpointer({
    connection: { connectionString: url, idleTimeoutMillis: 0 }, redis, redisPrefix, redisTimeoutMs: 10_000, cacheBytes: 0,
  })
  const checkpoint = {
    v: 4, id: '1', ts: '', channel_values: { text: 'a part '.repeat(1000) }, channel_versions: { text: 1 }, versions_seen: {},
  }
  const config = { configurable: { thread_id: 'thread', checkpoint_ns: '' } }
  const stored = await checkpointer.put(config, checkpoint, { source: 'input', step: -1, parents: {} }, { text: 1 })
  await checkpointer.getTuple(stored)
  const { redis: found } = checkpointer.stats()
  process.stdout.write(JSON.stringify({ fills: found?.fills, hits: found?.hits, errors: found?.errors }))
`

async function run(options: object): Promise<{ output: string; code: number | null; signal: string | null }> {
  const program = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void program.kill('SIGKILL')) // it is still there only if the test has failed
  let output = ''
  program.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code, signal] = (await once(program, 'close')) as [number | null, string | null]
  return { output, code, signal }
}

test('without Redis', async () => {
  const { url } = await createDatabase()
  expect(await run({ url })).toStrictEqual({ output: '{}', code: 0, signal: null })
})

test('with a Redis that answers', async () => {
  const { url } = await createDatabase()
  const { output, code } = await run({ url, redis: redisUrl(), redisPrefix: newPrefix() })
  expect(JSON.parse(output)).toStrictEqual({ fills: expect.any(Number) as number, hits: 1, errors: 0 })
  expect(code).toBe(0)
})

test('with a Redis that is not there', async () => {
  const { url } = await createDatabase()
  const { code } = await run({ url, redis: 'redis://127.0.0.1:1' })
  expect(code).toBe(0)
})
