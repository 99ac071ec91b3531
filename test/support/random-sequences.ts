/** Random sequences of what LangGraph may call, on a checkpointer and on the reference model beside it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { BaseCheckpointSaver, CheckpointMetadata, CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { checkpointOf, collect, configOf, putWritesTo, textOf } from './checkpoints.ts'
import { ReferenceModel, type ModelTuple } from './reference-model.ts'

/** Numbers are taken modulo whatever there is to choose from. */
export type Step =
  | { readonly kind: 'change'; readonly how: number; readonly at: number; readonly size: number }
  | { readonly kind: 'put'; readonly on: number; readonly ns: number; readonly slow: boolean; readonly bump: boolean }
  | { readonly kind: 'root'; readonly ns: number; readonly fresh: number }
  | { readonly kind: 'again'; readonly on: number; readonly parent: number }
  | { readonly kind: 'copy'; readonly on: number }
  | { readonly kind: 'write'; readonly on: number; readonly task: number; readonly channels: readonly number[] }
  | { readonly kind: 'delete'; readonly newRun: boolean }
  | { readonly kind: 'read'; readonly on: number; readonly adopt: boolean }
  | {
      readonly kind: 'list'
      readonly ns: number
      readonly before: number
      readonly limit: number
      readonly step: number
    }

const n = fc.nat(1000)
export const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('change'), how: n, at: n, size: fc.nat(3000) }) },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('put'), on: n, ns: n, slow: fc.boolean(), bump: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('root'), ns: n, fresh: n }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again'), on: n, parent: n }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy'), on: n }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('write'), on: n, task: n, channels: fc.array(n, { maxLength: 12 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), newRun: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), on: n, adopt: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('list'), ns: n, before: n, limit: n, step: n }) },
  ),
  { minLength: 8, maxLength: 25, size: 'max' },
)

const NAMESPACES = ['', 'child:1f0a', 'child:1f0a|deep:2']
const WRITE_CHANNELS = [
  'messages',
  '__resume__',
  'constructor',
  '__error__',
  'x',
  '__interrupt__',
  '__pregel_tasks',
  '__proto__',
]

/** U+1F600 comes after U+FFFD by code point, and before it by UTF-16 code unit. */
const TASK_PATHS = ['', '~__pregel_pull, b', '~__pregel_pull, a', '~\u{1f600}', '~\ufffd']

interface Message {
  id: number
  text: string
  meta: { tags: string[]; deep: { n: number } }
}

interface State {
  messages: Message[]
  files: Record<string, { text: string; lines: number[] }>
  counters: Record<string, number>
  [more: string]: unknown
}

interface Known {
  readonly ns: string
  readonly id: string
}

/** A run of a graph in one process: LangGraph gives all its calls one stream writer. Without one: a program that is no run. */
interface Caller {
  readonly process: BaseCheckpointSaver
  readonly writer: (() => void) | undefined
  /** The life of the thread in which it first read it. */
  readonly life: number | undefined
}

export class Sequence {
  readonly #processes: readonly BaseCheckpointSaver[]
  readonly #threadId = randomUUID()
  readonly #model = new ReferenceModel()
  readonly #known: Known[] = []
  readonly #runs: Caller[] = []
  /** Live, as a graph's state: changed in place, and put as it is. */
  #state: State = { messages: [], files: {}, counters: {} }
  #count = 0

  /** @param processes checkpointers over one store */
  constructor(processes: readonly BaseCheckpointSaver[]) {
    this.#processes = processes
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this.#count++
      await this.#take(step)
    }
    await this.#compareAll()
  }

  async #take(step: Step): Promise<void> {
    if (step.kind === 'change') change(this.#state, step)
    else if (step.kind === 'put') await this.#put(step)
    else if (step.kind === 'root') await this.#root(step)
    else if (step.kind === 'again') await this.#again(step)
    else if (step.kind === 'copy') await this.#copy(step)
    else if (step.kind === 'write') await this.#write(step)
    else if (step.kind === 'delete') await this.#delete(step)
    else if (step.kind === 'read') await this.#read(step)
    else await this.#list(step)
  }

  async #put({ on, ns, slow, bump }: Step & { kind: 'put' }): Promise<void> {
    const parent = pick(this.#known, on) ?? this.#hear(pick(NAMESPACES, ns) ?? '')
    const versions = this.#versions(bump ? this.#count : 1)
    await this.#store(await this.#caller(on), this.#hear(parent.ns, slow), parent.id, versions, bump ? versions : {})
  }

  async #root({ ns, fresh }: Step & { kind: 'root' }): Promise<void> {
    const versions = this.#versions(1)
    const newVersions = Object.fromEntries(Object.entries(versions).filter((_, i) => ((fresh >> i) & 1) === 1))
    await this.#store(await this.#caller(fresh), this.#hear(pick(NAMESPACES, ns)!), undefined, versions, newVersions)
  }

  async #again({ on, parent: own }: Step & { kind: 'again' }): Promise<void> {
    const known = pick(this.#known, on)
    if (known === undefined) return
    const others = this.#known.filter(({ ns }) => ns === known.ns)
    const parent = own % 2 === 0 ? known : pick(others, own)!
    await this.#store(await this.#caller(own), known, parent.id, this.#versions(this.#count), {})
  }

  async #copy({ on }: Step & { kind: 'copy' }): Promise<void> {
    const known = pick(this.#known, on)
    if (known === undefined) return
    const process = pick(this.#processes, on)!
    const saved = await process.getTuple(configOf(this.#threadId, known.ns, known.id))
    const expected = this.#model.getTuple(known.ns, known.id)
    assert.deepEqual(saved && plain(saved), expected)
    if (saved === undefined || expected === undefined) return
    const copy = this.#hear(known.ns)
    const metadata = { source: 'fork', step: this.#count } as CheckpointMetadata
    const versions = saved.checkpoint.channel_versions as Record<string, number>
    await process.put(
      saved.parentConfig ?? configOf(this.#threadId, known.ns),
      { ...saved.checkpoint, id: copy.id },
      metadata,
      {},
    )
    this.#model.put({
      ...copy,
      parent: expected.parent,
      values: expected.values,
      versions,
      newVersions: {},
      metadata: { ...metadata },
      life: undefined,
    })
  }

  async #store(
    { process, writer, life }: Caller,
    at: Known,
    parent: string | undefined,
    versions: Record<string, number>,
    newVersions: Record<string, number>,
  ): Promise<void> {
    const metadata = { source: 'loop', step: this.#count % 5, n: this.#count } as unknown as CheckpointMetadata
    const checkpoint = checkpointOf(at.id, this.#state, { versions })
    const config = { ...configOf(this.#threadId, at.ns, parent), writer }
    const put = process.put(config, checkpoint, metadata, newVersions)
    this.#model.put({ ...at, parent, values: this.#state, versions, newVersions, metadata: { ...metadata }, life })
    await put
  }

  async #write({ on, task, channels }: Step & { kind: 'write' }): Promise<void> {
    const known = on % 4 === 0 ? this.#hear(pick(NAMESPACES, on)!) : pick(this.#known, on)
    if (known === undefined) return
    const { process, writer, life } = await this.#caller(on)
    const writes = channels.map((channel, i): [string, unknown] => [
      pick(WRITE_CHANNELS, channel)!,
      i % 3 === 0 ? this.#state.messages : (pick(this.#state.messages, channel) ?? { n: channel }),
    ])
    const taskId = `task-${task % 3}`
    const path = pick(TASK_PATHS, on + task)!
    const config = { ...configOf(this.#threadId, known.ns, known.id), writer }
    const written = putWritesTo(process, config, writes, taskId, path)
    if (writes.length > 0) this.#model.putWrites(known.ns, known.id, taskId, path, writes, life)
    await written
  }

  async #delete({ newRun }: Step & { kind: 'delete' }): Promise<void> {
    await pick(this.#processes, this.#count)!.deleteThread(this.#threadId)
    this.#model.deleteThread()
    if (!newRun) return
    for (const process of this.#processes) assert.equal(await process.getTuple(configOf(this.#threadId)), undefined)
  }

  async #read({ on, adopt }: Step & { kind: 'read' }): Promise<void> {
    const known = pick(this.#known, on)
    if (known === undefined) return
    const process = pick(this.#processes, on)!
    const tuple = await process.getTuple(configOf(this.#threadId, known.ns, on % 3 === 0 ? undefined : known.id))
    assert.deepEqual(tuple && plain(tuple), this.#model.getTuple(known.ns, on % 3 === 0 ? undefined : known.id))
    const values = tuple?.checkpoint.channel_values
    if (adopt && values !== undefined && 'messages' in values && 'files' in values && 'counters' in values)
      this.#state = values as State
  }

  async #list({ ns: at, before: id, limit: max, step }: Step & { kind: 'list' }): Promise<void> {
    const process = pick(this.#processes, at)!
    const ns = pick([undefined, ...NAMESPACES], at)
    const before = id % 2 === 0 ? undefined : pick(this.#known, id)?.id
    const options = {
      ...(max % 3 !== 0 && { limit: max % 5 }),
      ...(step % 2 !== 0 && { filter: { step: step % 5, missing: undefined } }),
    }
    const configurable = { thread_id: this.#threadId, ...(ns !== undefined && { checkpoint_ns: ns }) }
    const query = before === undefined ? options : { ...options, before: configOf('any', '', before) }
    const tuples = await collect(process.list({ configurable }, query))
    assert.deepEqual(tuples.map(plain), this.#model.list(ns, before === undefined ? options : { ...options, before }))
  }

  async #compareAll(): Promise<void> {
    const all = this.#model.list(undefined, {})
    for (const process of this.#processes) {
      assert.deepEqual((await collect(process.list({ configurable: { thread_id: this.#threadId } }))).map(plain), all)
      for (const ns of NAMESPACES) {
        const head = await process.getTuple(configOf(this.#threadId, ns))
        assert.deepEqual(head && plain(head), this.#model.getTuple(ns))
      }
    }
    for (const [i, { ns, id }] of this.#known.entries()) {
      const tuple = await pick(this.#processes, i)!.getTuple(configOf(this.#threadId, ns, id))
      assert.deepEqual(tuple && plain(tuple), this.#model.getTuple(ns, id))
    }
  }

  /** A new id; a host with a slow clock makes smaller ones. */
  #hear(ns: string, slow = false): Known {
    const known = { ns, id: `${slow ? 0 : 1}-${String(this.#known.length).padStart(4, '0')}` }
    this.#known.push(known)
    return known
  }

  /** A program that is no run, a run that goes on, or a new one, which reads the thread first, as LangGraph does. */
  async #caller(at: number): Promise<Caller> {
    const process = pick(this.#processes, at)!
    if (at % 4 === 0) return { process, writer: undefined, life: undefined }
    const old = at % 4 === 1 ? undefined : pick(this.#runs, at >> 2)
    if (old !== undefined) return old
    const run = { process, writer: () => {}, life: this.#model.life }
    this.#runs.push(run)
    const config = { ...configOf(this.#threadId), writer: run.writer }
    await process.getTuple(config)
    return run
  }

  #versions(version: number): Record<string, number> {
    return Object.fromEntries(Object.keys(this.#state).map((channel, i) => [channel, version + i]))
  }
}

/** What a node may do to the state, in place or not. */
function change(state: State, { how, at, size }: Step & { kind: 'change' }): void {
  const { messages, files, counters } = state
  const i = messages.length === 0 ? 0 : at % messages.length
  const message = messages[i]
  const name = `file${at % 12}`
  const kinds: (() => void)[] = [
    () => messages.push({ id: at, text: textOf(at, size), meta: { tags: [], deep: { n: 0 } } }),
    () =>
      void (state.messages = [
        ...messages,
        { id: at, text: textOf(at, size / 10), meta: { tags: ['x'], deep: { n: 1 } } },
      ]),
    () =>
      messages.push(
        ...Array.from({ length: 12 }, (_, k) => ({
          id: k,
          text: textOf(k, size / 4),
          meta: { tags: [], deep: { n: k } },
        })),
      ),
    () => void (message && (message.text = textOf(at + 1, size))),
    () => void message?.meta.tags.push(`t${at}`),
    () => void (message && (message.meta.deep.n += 1)),
    () => void (state.messages = messages.slice(1 + (at % 3))),
    () => void messages.splice(i, 1),
    () => void (state.messages = messages.toReversed()),
    () => void (state.messages = messages.map((each, k) => (k === i ? { ...each, id: -1 } : each))),
    () => void (files[name] = { text: textOf(at, size), lines: [at] }),
    () => void files[name]?.lines.push(size),
    () => void delete files[name],
    () => void (counters[`c${at % 20}`] = size),
    () => void (state[`more${at % 3}`] = at % 2 === 0 ? message : files),
    () => void delete state[`more${at % 3}`],
    () => {
      const [a, b] = [0, 1].map((k) => ({ id: at + k, text: textOf(at + k, size / 10) }))
      Object.assign(state, { pair: [a, b], pairByName: { a, b }, pairs: [[a, b], { a, b }, a] })
    },
    () => void (state['some'] = [messages.slice(0, at % 4), Object.fromEntries(messages.slice(0, 2).entries())]),
    () => void (state['text'] = textOf(at, size * 30)),
  ]
  kinds[how % kinds.length]!()
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items[at % items.length]
}

/** As the model says it. */
function plain(tuple: CheckpointTuple): ModelTuple {
  const { checkpoint, config, parentConfig, metadata, pendingWrites } = tuple
  const parent = parentConfig?.configurable?.['checkpoint_id'] as string | undefined
  const ns = config.configurable?.['checkpoint_ns'] as string
  const all = {
    ns,
    id: checkpoint.id,
    ...(parent !== undefined && { parent }),
    values: checkpoint.channel_values,
    metadata,
    writes: pendingWrites,
  }
  return JSON.parse(JSON.stringify(all)) as ModelTuple
}
