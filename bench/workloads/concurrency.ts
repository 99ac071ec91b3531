/** Many threads at a time on a pool of 10 connections, each with a small state: put, putWrites and getTuple in turn. */
import { uuid6, type BaseCheckpointSaver, type Checkpoint } from '@langchain/langgraph-checkpoint'
import { Floor } from '../floor.ts'
import { minus, quantile, type Measurement } from '../measure.ts'
import { FLOOR, OFFICIAL, OURS, withBoth } from '../savers.ts'
import type { Traffic, Wire } from '../wire.ts'
import { startSlowProxy } from '../slow-proxy.ts'
import { named, round, type Bench, type Figure, type Outcome, type Workload } from '../workload.ts'

const THREADS = [
  { threads: 1, target: 0.6 },
  { threads: 8, target: 0.8 },
  { threads: 64, target: 1.8 },
]
const OFFICIAL_TIMES_AT_64 = 6
const KINDS = ['put', 'putWrites', 'getTuple', 'mixed'] as const
type Kind = (typeof KINDS)[number]
/** Slices of one contestant, and then the next's. */
const SLICE_MS = 150
const SLICES = 5
/** Threads that are read back and compared. */
const CHECKED_THREADS = 4

/** As far as a database in another zone of a cloud, in milliseconds there and back. */
const FAR_MS = 2.4

export const concurrency: Workload = {
  name: 'concurrency',
  run: async (bench) => {
    const near = await meet(bench, bench.server.url, 'concurrency', THREADS, KINDS)
    const proxy = await startSlowProxy(bench.server.url, FAR_MS / 2)
    try {
      const far = await meet(bench, proxy.url, 'concurrency_far', [{ threads: 64 }], ['mixed'], `, ${FAR_MS} ms away`)
      return {
        figures: [...near.figures, ...far.figures],
        measurements: [...near.measurements, ...far.measurements],
        checked: near.checked + far.checked,
      }
    } finally {
      proxy.stop()
    }
  },
}

/** @param target times the floor; none where the design asks for none */
async function meet(
  bench: Bench,
  url: string,
  use: string,
  meetings: readonly { readonly threads: number; readonly target?: number }[],
  kinds: readonly Kind[],
  where = '',
): Promise<Outcome> {
  const floor = await Floor.open(url, use)
  const figures: Figure[] = []
  const measurements: Measurement[] = []
  let checked = 0
  try {
    await withBoth(url, use, async (ours, official) => {
      for (const { threads, target } of meetings) {
        const crowds = [
          new Crowd(FLOOR, floor.wire, threads, (id) => new FloorVisitor(floor, id)),
          ...[ours, official].map(
            ({ name, wire, saver }) => new Crowd(name, wire, threads, (id) => new Visitor(saver, id)),
          ),
        ]
        for (const kind of kinds) {
          const what = `${kind}, ${threads} threads${where}`
          bench.step(what)
          for (const crowd of crowds) await crowd.slice('mixed', SLICE_MS / 2, false)
          for (let i = 0; i < SLICES; i++) for (const crowd of crowds) await crowd.slice(kind, SLICE_MS, true)
          const results = new Map(crowds.map((crowd) => [crowd.name, crowd.take(what)]))
          measurements.push(...results.values())
          if (kind === 'mixed') figures.push(...figuresOf(threads, where, target, results))
        }
        for (const crowd of crowds) checked += await crowd.check()
      }
    })
  } finally {
    await floor.end()
  }
  return { figures, measurements, checked }
}

function figuresOf(
  threads: number,
  where: string,
  target: number | undefined,
  results: ReadonlyMap<string, Measurement>,
): Figure[] {
  const perSecond = (name: string) => results.get(name)?.perSecond ?? Number.NaN
  const rate = (name: string) => `${Math.round(perSecond(name))}/s`
  const against = (name: string, least: number | undefined): Figure => {
    const ratio = perSecond(OURS) / perSecond(name)
    return {
      work: `concurrent small operations, ${threads} ${threads === 1 ? 'thread' : 'threads'}${where}`,
      theirs: name === OFFICIAL ? rate(name) : named(name, rate(name)),
      ours: rate(OURS),
      reached: `${round(ratio)} × ${name}`,
      target: least === undefined ? '–' : `≥ ${least} × ${name}`,
      isMet: least === undefined ? undefined : ratio >= least,
    }
  }
  return threads === 64
    ? [against(FLOOR, target), against(OFFICIAL, target === undefined ? undefined : OFFICIAL_TIMES_AT_64)]
    : [against(FLOOR, target)]
}

/** Somebody with a thread of his own. */
interface Guest {
  act(kind: Exclude<Kind, 'mixed'>): Promise<unknown>
  /** @returns how many checkpoints were compared */
  check(): Promise<number>
}

/** All guests of one contestant, who are there at the same time. */
class Crowd {
  readonly name: string
  readonly #wire: Wire
  readonly #guests: readonly Guest[]
  #times: number[] = []
  #busyMs = 0
  #clientCpuMs = 0
  #serverCpuMs: number | undefined = 0
  #traffic: Traffic = { roundTrips: 0, statements: 0, sentBytes: 0, receivedBytes: 0 }

  constructor(name: string, wire: Wire, threads: number, invite: (threadId: string) => Guest) {
    this.name = name
    this.#wire = wire
    this.#guests = Array.from({ length: threads }, (_, i) => invite(`of ${threads}, ${i}`))
  }

  async slice(kind: Kind, forMs: number, isCounted: boolean): Promise<void> {
    const times: number[] = []
    const serverBefore = this.#wire.serverCpuMs
    const before = this.#wire.traffic
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    await Promise.all(
      this.#guests.map(async (guest) => {
        for (let i = 0; performance.now() - start < forMs; i++) {
          const from = performance.now()
          await guest.act(kind === 'mixed' ? (KINDS[i % 3] as 'put') : kind)
          times.push(performance.now() - from)
        }
      }),
    )
    const tookMs = performance.now() - start
    if (!isCounted) return
    const cpu = process.cpuUsage(cpuBefore)
    const serverAfter = this.#wire.serverCpuMs
    const { roundTrips, statements, sentBytes, receivedBytes } = minus(this.#wire.traffic, before)
    this.#times.push(...times)
    this.#busyMs += tookMs
    this.#clientCpuMs += (cpu.user + cpu.system) / 1000
    if (serverAfter === undefined || serverBefore === undefined || this.#serverCpuMs === undefined)
      this.#serverCpuMs = undefined
    else this.#serverCpuMs += serverAfter - serverBefore
    this.#traffic = {
      roundTrips: this.#traffic.roundTrips + roundTrips,
      statements: this.#traffic.statements + statements,
      sentBytes: this.#traffic.sentBytes + sentBytes,
      receivedBytes: this.#traffic.receivedBytes + receivedBytes,
    }
  }

  /** What was counted since the last time. */
  take(what: string): Measurement {
    const runs = this.#times.length
    const measurement: Measurement = {
      what,
      who: this.name,
      runs,
      medianMs: quantile(this.#times, 0.5),
      p99Ms: quantile(this.#times, 0.99),
      perSecond: (runs * 1000) / this.#busyMs,
      roundTrips: this.#traffic.roundTrips / runs,
      sentBytes: this.#traffic.sentBytes / runs,
      receivedBytes: this.#traffic.receivedBytes / runs,
      clientCpuMs: this.#clientCpuMs / runs,
      serverCpuMs: this.#serverCpuMs === undefined ? undefined : this.#serverCpuMs / runs,
    }
    this.#times = []
    this.#busyMs = this.#clientCpuMs = this.#serverCpuMs = 0
    this.#traffic = { roundTrips: 0, statements: 0, sentBytes: 0, receivedBytes: 0 }
    return measurement
  }

  async check(): Promise<number> {
    let checked = 0
    for (const guest of this.#guests.slice(0, CHECKED_THREADS)) checked += await guest.check()
    return checked
  }
}

const NOTE = 'A state of two channels: a number, and this.'

class Visitor implements Guest {
  readonly #saver: BaseCheckpointSaver
  readonly #threadId: string
  /** Oldest first. */
  readonly #ids: string[] = []
  readonly #writes = new Map<string, number[]>()

  constructor(saver: BaseCheckpointSaver, threadId: string) {
    this.#saver = saver
    this.#threadId = threadId
  }

  async act(kind: Exclude<Kind, 'mixed'>): Promise<unknown> {
    const last = this.#ids.at(-1)
    if (kind === 'put' || last === undefined) return this.#put(last)
    if (kind === 'getTuple') return this.#saver.getTuple(this.#config())
    const writes = this.#writes.get(last) ?? []
    this.#writes.set(last, writes)
    writes.push(writes.length)
    return this.#saver.putWrites(
      this.#config(last),
      [['count', writes.length - 1]],
      `task ${String(writes.length).padStart(6, '0')}`,
    )
  }

  async check(): Promise<number> {
    let at = this.#ids.length
    for await (const { checkpoint, pendingWrites } of this.#saver.list(this.#config())) {
      at--
      const { count, note } = checkpoint.channel_values
      const written = pendingWrites?.map(([, , value]) => value).join()
      const isSame = checkpoint.id === this.#ids[at] && count === at && note === NOTE
      if (!isSame || written !== (this.#writes.get(checkpoint.id) ?? []).join()) {
        throw new Error(`${this.#threadId}: checkpoint ${at} is not what was put.`)
      }
    }
    if (at !== 0) throw new Error(`${this.#threadId}: ${at} checkpoints were put and are not there.`)
    return this.#ids.length
  }

  async #put(last: string | undefined): Promise<void> {
    const step = this.#ids.length
    const checkpoint: Checkpoint = {
      v: 4,
      id: uuid6(step),
      ts: new Date().toISOString(),
      channel_values: { count: step, note: NOTE },
      channel_versions: { count: step + 1, note: 1 },
      versions_seen: { __input__: {}, node: { count: step } },
    }
    this.#ids.push(checkpoint.id)
    const newVersions = step === 0 ? checkpoint.channel_versions : { count: step + 1 }
    await this.#saver.put(this.#config(last), checkpoint, { source: 'loop', step, parents: {} }, newVersions)
  }

  #config(id?: string) {
    return {
      configurable: {
        thread_id: this.#threadId,
        checkpoint_ns: '',
        ...(id === undefined ? {} : { checkpoint_id: id }),
      },
    }
  }
}

/** The same bytes, by prepared statements: the state in one row, a write in another. */
class FloorVisitor implements Guest {
  readonly #floor: Floor
  readonly #threadId: string
  #count = 0
  #lastState = ''

  constructor(floor: Floor, threadId: string) {
    this.#floor = floor
    this.#threadId = threadId
  }

  act(kind: Exclude<Kind, 'mixed'>): Promise<unknown> {
    if (kind === 'getTuple' && this.#lastState !== '') return this.#floor.select(this.#threadId, this.#lastState)
    const id = `${kind} ${++this.#count}`
    if (kind === 'putWrites') return this.#floor.insert(this.#threadId, id, WRITE)
    this.#lastState = id
    return this.#floor.insert(this.#threadId, id, STATE)
  }

  async check(): Promise<number> {
    return 0
  }
}

const STATE = Buffer.from(
  JSON.stringify({
    v: 4,
    id: uuid6(0),
    ts: new Date().toISOString(),
    channel_values: { count: 1000, note: NOTE },
    channel_versions: { count: 1000, note: 1 },
    versions_seen: { __input__: {}, node: { count: 1000 } },
    metadata: { source: 'loop', step: 1000, parents: {} },
  }),
)
const WRITE = Buffer.from(JSON.stringify([uuid6(0), 'task 000001', 'count', 1]))
