/** Processes that write, seen from the one that kills them, or their server. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { UnreadableCheckpointsError, type PgCheckpointer } from '../../src/index.ts'
import { configOf } from './checkpoints.ts'
import { idOf, valuesOf, writesOf, type WriterOptions } from './fault-writer.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('fault-writer.ts', import.meta.url))

export class Writer {
  readonly options: WriterOptions
  /** What it said of each kind: `put` → the numbers acknowledged. */
  readonly said: Map<string, number[]> = new Map()
  troubles = 0
  /** Why it ended, if it ended by itself. */
  complaint = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  /** Resolves at its first line, or its end. */
  readonly #isReady: Promise<unknown>
  #isKilled = false

  private constructor(options: WriterOptions) {
    this.options = options
    this.#child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options)], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.complaint += chunk.toString()))
    this.#child.stdin?.on('error', () => {})
    this.#ended = once(this.#child, 'close')
    const lines = createInterface({ input: this.#child.stdout as Readable })
    lines.on('line', (line) => this.#hear(line))
    this.#isReady = Promise.race([this.#ended, once(lines, 'line')])
  }

  /** Resolves when it is ready to begin. */
  static async start(options: WriterOptions): Promise<Writer> {
    const writer = new Writer(options)
    await writer.#isReady
    return writer
  }

  begin(): void {
    this.#child.stdin?.write('go\n')
  }

  count(kind: string): number {
    return this.said.get(kind)?.length ?? 0
  }

  get hasExited(): boolean {
    return !this.#isKilled && (this.#child.exitCode !== null || this.#child.signalCode !== null)
  }

  async kill(): Promise<void> {
    if (!this.hasExited) this.#isKilled = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #hear(line: string): void {
    const [, kind, n] = /^(\D+?)(?: (\d+))?$/.exec(line) ?? []
    if (line.startsWith('trouble')) this.troubles++
    else if (kind !== undefined) this.said.set(kind, [...(this.said.get(kind) ?? []), Number(n)])
  }
}

export interface Audit {
  readonly acknowledged: number
  /** Acknowledged, and not there. */
  readonly lost: number
  /** There, acknowledged or not, and not what was stored. */
  readonly torn: number
}

/** Compares what a writer was told with what is in the database. */
export async function audit(direct: PgCheckpointer, writer: Writer): Promise<Audit> {
  const { thread } = writer.options
  const found = new Map<string, CheckpointTuple>()
  /** Not what was stored, as their digests say. */
  const unreadable = new Set<string | undefined>()
  try {
    for await (const tuple of direct.list(configOf(thread))) found.set(tuple.checkpoint.id, tuple)
  } catch (error) {
    if (!(error instanceof UnreadableCheckpointsError)) throw error
    for (const { address } of error.failures) unreadable.add(address.checkpointId)
  }
  const [puts, writes] = [writer.said.get('put') ?? [], writer.said.get('write') ?? []]
  let lost = 0
  for (const n of puts) if (!found.has(idOf(n)) && !unreadable.has(idOf(n))) lost++
  for (const n of writes) if (found.get(idOf(n))?.pendingWrites?.length !== 3 && !unreadable.has(idOf(n))) lost++
  let torn = unreadable.size
  for (const [id, { checkpoint, pendingWrites = [] }] of found) {
    const n = Number(id)
    const writesFound = new Map(pendingWrites.map(([, channel, value]) => [channel, value]))
    const isWhole = isDeepStrictEqual(checkpoint.channel_values, valuesOf(thread, n))
    const areWritesWhole = pendingWrites.length === 0 || isDeepStrictEqual(writesFound, new Map(writesOf(thread, n)))
    if (!isWhole || !areWritesWhole) torn++
  }
  return { acknowledged: puts.length + writes.length, lost, torn }
}
