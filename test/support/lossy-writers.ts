/** Processes that write to a server that loses its last commits, and the comparison of what they were told with what is there. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { CheckpointerError, PgCheckpointer } from '../../src/index.ts'
import { configOf } from './checkpoints.ts'
import { query } from './fault-sql.ts'
import { hashOf, type Acknowledged, type LossyWriterOptions, type Said } from './lossy-conversations.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('lossy-writer.ts', import.meta.url))

export class LossyWriters {
  /** In the order in which it was said. */
  readonly acknowledged: Acknowledged[] = []
  /** What its own reads missed. */
  readonly missing: string[] = []
  /** Checkpoints that may have been replaced by a call that was rejected. */
  readonly unsure: Set<string> = new Set()
  troubles = 0
  partsReused = 0
  /** Why it ended, if it ended by itself. */
  complaint = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #whenSaid = new Map<Said['said'], () => void>()

  private constructor(options: LossyWriterOptions) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options)], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.complaint += chunk.toString()))
    this.#child.stdin?.on('error', () => {})
    this.#ended = once(this.#child, 'close')
    createInterface({ input: this.#child.stdout as Readable }).on('line', (line) =>
      this.#hear(JSON.parse(line) as Said),
    )
  }

  /** Resolves when it is ready to begin. */
  static async start(options: LossyWriterOptions): Promise<LossyWriters> {
    const writers = new LossyWriters(options)
    await writers.#said('ready')
    return writers
  }

  go(epoch: number): void {
    this.tell(`epoch ${epoch}`)
    this.tell('go')
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Resolves when nothing is under way. */
  async pause(): Promise<void> {
    const paused = this.#said('paused')
    this.tell('pause')
    await paused
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async #said(what: Said['said']): Promise<void> {
    const said = new Promise<void>((done) => this.#whenSaid.set(what, done))
    await Promise.race([said, this.#ended])
    if (this.hasExited) throw new Error(`A writer has ended. ${this.complaint}`)
  }

  #hear(heard: Said): void {
    if (heard.said === 'put' || heard.said === 'write') this.acknowledged.push(heard)
    else if (heard.said === 'missing') this.missing.push(heard.what)
    else if (heard.said === 'trouble') {
      this.troubles++
      if (heard.id !== undefined) this.unsure.add(heard.id)
    } else if (heard.said === 'ready' || heard.said === 'paused') {
      this.partsReused = heard.partsReused
      this.#whenSaid.get(heard.said)?.()
    }
  }
}

export interface LossyAudit {
  readonly checked: number
  /** Not there, or not what was put. */
  readonly wrong: readonly string[]
  /** Reads that missed a part. */
  readonly partMissing: number
}

/** Reads what was acknowledged, as a process that has nothing of it at hand. */
export async function auditAcknowledged(
  url: string,
  schema: string,
  acknowledged: readonly Acknowledged[],
  unsure: ReadonlySet<string>,
): Promise<LossyAudit> {
  await using reader = new PgCheckpointer({ connection: url, schema })
  /** The last content of each. */
  const expected = new Map(acknowledged.map((one) => [keyOf(one), one]))
  const wrong: string[] = []
  let partMissing = 0
  for (const [key, { said, thread, ns, id, task, hash }] of expected) {
    try {
      const tuple = await reader.getTuple(configOf(thread, ns, id))
      const writes = tuple?.pendingWrites?.filter(([taskId]) => taskId === task).map(([, ...write]) => write)
      const found = said === 'put' ? tuple?.checkpoint.channel_values : writes?.toSorted(byPlace)
      // The checkpoint that a task wrote beside may be lost; its writes are counted in the table (see countLost).
      if (said === 'write' && tuple === undefined) continue
      if (hashOf(found ?? null) !== hash && !unsure.has(id)) wrong.push(`${key}: ${found ? 'other' : 'gone'}`)
    } catch (error) {
      if (!CheckpointerError.is(error) || error.code !== 'PART_MISSING') throw error
      partMissing++
    }
  }
  return { checked: expected.size, wrong, partMissing }
}

/** How many of the checkpoints and writes are not there. */
export async function countLost(url: string, schema: string, acknowledged: readonly Acknowledged[]): Promise<number> {
  const column = (pick: (one: Acknowledged) => string | undefined) => acknowledged.map((one) => pick(one) ?? null)
  const [row] = await query(
    url,
    `select count(*)::int as lost
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) a(thread, ns, id, task)
     where case when a.task is null
       then not exists (select from "${schema}".checkpoints c
         where c.tenant_id = '' and (c.thread_id, c.checkpoint_ns, c.checkpoint_id) = (a.thread, a.ns, a.id))
       else not exists (select from "${schema}".writes w
         where w.tenant_id = '' and (w.thread_id, w.checkpoint_ns, w.checkpoint_id, w.task_id) = (a.thread, a.ns, a.id, a.task))
     end`,
    [column((one) => one.thread), column((one) => one.ns), column((one) => one.id), column((one) => one.task)],
  )
  return Number(row?.['lost'])
}

/** How many parts a row of any kind names that are not there, acknowledged or not. What the writers put looks like no name. */
export async function countMissingParts(url: string, schema: string): Promise<number> {
  const [row] = await query(
    url,
    `select count(*)::int as missing from (
       select thread_id, n from "${schema}".checkpoints, unnest(string_to_array(manifest, '"')) n
       union select thread_id, n from "${schema}".writes, unnest(string_to_array(value, '"')) n
       union select thread_id, n from "${schema}".parts, unnest(string_to_array(body, '"')) n where left(name, 1) = 'i'
     ) named
     where n ~ '^[vgitb][A-Za-z0-9_-]{22}$'
       and not exists (select from "${schema}".parts p where p.thread_id = named.thread_id and p.name = n)`,
  )
  return Number(row?.['missing'])
}

function keyOf({ said, thread, ns, id, task = '' }: Acknowledged): string {
  return JSON.stringify([said, thread, ns, id, task])
}

/** As the writer lists them: special channels last. */
function byPlace([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const place = (channel: string) => ['messages', 'document', '__interrupt__'].indexOf(channel)
  return place(a) - place(b)
}
