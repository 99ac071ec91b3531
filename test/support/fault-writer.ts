/**
 * A process that stores checkpoints for as long as it lives, and says so on its standard output, a line each:
 *
 *   ready         it begins (when it is told to, by a line on its input)
 *   put 7         checkpoint 7 was acknowledged
 *   write 7       its pending writes were
 *   deleted 7     thread 7 was
 *   set up 7      schema 7 was
 *   trouble UNAVAILABLE unknown     a call was rejected; it is made again
 *
 * Arguments: a JSON of `WriterOptions`.
 */
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { PgCheckpointer, UnavailableError, type PgPool } from '../../src/index.ts'
import { METADATA, checkpointOf, configOf } from './checkpoints.ts'

export interface WriterOptions {
  readonly url: string
  readonly schema: string
  /** `write`: a conversation that goes on and on. `delete`: threads of that many checkpoints, one after the other. `set up`: schemas. */
  readonly work: 'write' | 'delete' | 'set up'
  readonly thread: string
  /** Its pool's clients take no error listeners: what it would be like without them. */
  readonly isDeaf?: boolean
}

export function threadOf(thread: string, n: number): string {
  return `${thread} ${n}`
}

export function schemaOf(schema: string, n: number): string {
  return `${schema}_${n}`
}

export function idOf(n: number): string {
  return String(n).padStart(8, '0')
}

/** What checkpoint n of a thread holds: the last messages of a conversation. */
export function valuesOf(thread: string, n: number): Record<string, unknown> {
  const message = (i: number) => ({ i, text: `${thread}, message ${i}. `.repeat(60) })
  return { n, messages: Array.from({ length: Math.min(n + 1, 12) }, (_, i) => message(n - i)).toReversed() }
}

export function writesOf(thread: string, n: number): [string, unknown][] {
  return [
    ['messages', valuesOf(thread, n)['messages']],
    ['n', n],
    ['__interrupt__', `why ${n}`],
  ]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(JSON.parse(process.argv[2] ?? '') as WriterOptions)

async function main(options: WriterOptions): Promise<void> {
  const { url, schema, work, thread } = options
  const connection = options.isDeaf === true ? deafPool(url) : url
  const checkpointer = new PgCheckpointer({ connection, schema })
  if (work !== 'set up') await checkpointer.getTuple(configOf('nobody')) // with an open connection
  say('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  process.stdin.unref()

  for (let n = 0; ; n++) {
    if (work === 'write') {
      await insist(() => put(checkpointer, thread, n))
      say(`put ${n}`)
      await insist(() => checkpointer.putWrites(configOf(thread, '', idOf(n)), writesOf(thread, n), 'task'))
      say(`write ${n}`)
    } else if (work === 'delete') {
      await insist(() => checkpointer.deleteThread(threadOf(thread, n)))
      say(`deleted ${n}`)
    } else {
      const fresh = new PgCheckpointer({ connection: { connectionString: url, max: 1 }, schema: schemaOf(schema, n) })
      await insist(() => fresh.setup())
      say(`set up ${n}`)
      await fresh.end()
    }
  }
}

function put(checkpointer: PgCheckpointer, thread: string, n: number): Promise<unknown> {
  const config = configOf(thread, '', n === 0 ? undefined : idOf(n - 1))
  return checkpointer.put(config, checkpointOf(idOf(n), valuesOf(thread, n)), METADATA, {})
}

/** As an application would: goes on when Postgres is back. */
async function insist(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void (await call())
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      say(`trouble ${error.code} ${error.outcome}`)
    }
  }
}

/** At once, so that what was said is known even if this process is killed now. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

function deafPool(url: string): PgPool {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {}) // as most applications have it; it does not help a client that is in use
  return {
    connect: (callback) =>
      pool.connect((error, client) => {
        if (client === undefined) return callback(error, undefined)
        client.removeAllListeners('error')
        callback(undefined, {
          query: (statement) => client.query(statement),
          release: (reason) => client.release(reason),
          on: () => {},
          removeListener: () => {},
        })
      }),
    end: () => pool.end(),
  }
}
