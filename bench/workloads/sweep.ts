/**
 * A put of states of many shapes and sizes, after each kind of change, on Postgres and in memory. Few rounds: a ratio is
 * what to look at, and of the processors' time, as it depends least on what else the machine does.
 */
import { MemorySaver, type BaseCheckpointSaver, type CheckpointTuple } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer } from 'langgraph-pg-checkpointer'
import { Chain } from '../chain.ts'
import { headAt } from '../conversation.ts'
import { alternate, of, type Measurement } from '../measure.ts'
import { OFFICIAL, withBoth } from '../savers.ts'
import { CHANGES, SHAPES, changed, type Change, type Members, type Shape } from '../shapes.ts'
import type { Wire } from '../wire.ts'
import { ms, named, round, type Bench, type Figure, type Table, type Workload } from '../workload.ts'

const ROUNDS = { ours: 5, theirs: 2 }
const WARMUPS = 1
const MINE = 'InMemoryCheckpointer'
const THEIRS = 'MemorySaver'
/** Checkpoints of each shape that are read back and compared. */
const SAMPLE = { ours: 2, theirs: 1 }

/** Who puts. */
interface Putter {
  readonly name: string
  readonly saver: BaseCheckpointSaver
  readonly wire?: Wire
  /** One that knows nothing yet, on the same data. */
  readonly cold?: () => Promise<BaseCheckpointSaver>
}

/** Ours and theirs, on the same kind of store. */
interface Pair {
  readonly where: string
  readonly ours: Putter
  readonly theirs: Putter
}

interface Row {
  readonly where: string
  readonly shape: string
  readonly change: Change
  readonly ours: Measurement
  readonly theirs: Measurement
}

/** What the design asks for; of theirs, or in milliseconds. */
interface Target {
  readonly where: string
  readonly shape: string
  readonly change: Change
  /** Of the processors' time, or of the time that passes. */
  readonly of: 'CPU' | 'time'
  readonly atMost: { readonly ofTheirs: number } | { readonly ms: number }
}

const [POSTGRES, MEMORY] = ['Postgres', 'in memory']
const TARGETS: readonly Target[] = [
  ...[100, 300, 600].map((chars): Target => target(MEMORY, `500 messages of ${chars} characters`, 'append', 1 / 5)),
  target(MEMORY, '500 messages of 2000 characters', 'append', 1 / 10),
  target(MEMORY, '2000 messages of 150 characters', 'append', 1 / 4),
  target(MEMORY, '1000 vectors of 256 numbers', 'counter', 1 / 4),
  { where: POSTGRES, shape: '100 documents of 0.9 KB', change: 'counter', of: 'time', atMost: { ofTheirs: 1 } },
  { where: POSTGRES, shape: '10240 documents of 0.9 KB', change: 'counter', of: 'time', atMost: { ms: 5 } },
]

function target(where: string, shape: string, change: Change, ofTheirs: number): Target {
  return { where, shape, change, of: 'CPU', atMost: { ofTheirs } }
}

export const sweep: Workload = {
  name: 'sweep',
  run: (bench) =>
    withBoth(bench.server.url, 'sweep', async (ours, official) => {
      const rows: Row[] = []
      let checked = 0
      for (const shape of SHAPES) {
        // In memory each shape has savers of its own, which go with it.
        const pairs: Pair[] = [
          { where: POSTGRES, ours, theirs: official },
          {
            where: MEMORY,
            ours: { name: MINE, saver: new InMemoryCheckpointer() },
            theirs: { name: THEIRS, saver: new MemorySaver() },
          },
        ]
        for (const pair of pairs) {
          const outcome = await race(bench, shape, pair)
          rows.push(...outcome.rows)
          checked += outcome.checked
        }
      }
      return {
        figures: TARGETS.map((each) => figureOf(each, rows)),
        measurements: [],
        tables: [tableOf(rows)],
        checked,
      }
    }),
}

async function race(bench: Bench, shape: Shape, pair: Pair): Promise<{ rows: readonly Row[]; checked: number }> {
  const { where, ours, theirs } = pair
  const putters = [ours, theirs]
  const first = await firstOf(shape.make())
  const chains = await Promise.all(putters.map(({ saver }) => Chain.begin(saver, shape.name, first)))
  const rows: Row[] = []
  for (const change of shape.changes ?? CHANGES) {
    if (change === 'read elsewhere' && ours.cold === undefined) continue
    bench.step(`${where}: ${shape.name}, ${change}`)
    const bases = chains.map((chain) => chain.values['state'] as Members)
    const results = await alternate(bench.server, {
      what: change,
      rounds: ROUNDS.ours,
      warmups: WARMUPS,
      contestants: putters.map(({ name, saver, wire, cold }, i) => ({
        name,
        wire,
        rounds: name === ours.name ? ROUNDS.ours : ROUNDS.theirs,
        prepare: async (at: number) => {
          const chain = chains[i] as Chain
          if (change === 'read here') await chain.goOn(saver)
          if (change === 'read elsewhere') await chain.goOn(await cold?.())
          const isRead = change === 'read here' || change === 'read elsewhere'
          const members = (isRead ? chain.values['state'] : bases[i]) as Members
          // Warm-ups have numbers below 0.
          const made = changed(shape, members, change, at + WARMUPS)
          chain.prepare(change === 'counter' ? { counter: at } : { state: made })
        },
        run: () => (chains[i] as Chain).put(),
      })),
    })
    rows.push({ where, shape: shape.name, change, ours: of(results, ours.name), theirs: of(results, theirs.name) })
    // Back to what was there, so that the next change is measured on as many members.
    for (const [i, chain] of chains.entries()) {
      chain.prepare({ state: bases[i], counter: 0 })
      await chain.put()
    }
  }
  let checked = 0
  for (const [i, chain] of chains.entries())
    checked += await chain.check(chain.witness.sample(i === 0 ? SAMPLE.ours : SAMPLE.theirs))
  return { rows, checked }
}

/** A small conversation, and the state and a counter beside it. */
async function firstOf(state: Members): Promise<CheckpointTuple> {
  const head = await headAt(4)
  const { checkpoint } = head
  return {
    ...head,
    checkpoint: {
      ...checkpoint,
      channel_values: { ...checkpoint.channel_values, state, counter: 0 },
      channel_versions: { ...checkpoint.channel_versions, state: 1, counter: 1 },
    },
  }
}

function figureOf({ where, shape, change, of: kind, atMost }: Target, rows: readonly Row[]): Figure {
  const row = rows.find((each) => each.where === where && each.shape === shape && each.change === change)
  if (row === undefined) throw new Error(`${shape}, ${change}: not measured.`)
  const costOf = (measurement: Measurement) => (kind === 'CPU' ? cpuOf(measurement) : measurement.medianMs)
  const [mine, other] = [costOf(row.ours), costOf(row.theirs)]
  const name = row.theirs.who
  const unit = kind === 'CPU' ? ' of CPU' : ''
  return {
    work: `${where}, put, ${shape}: ${change}`,
    theirs: name === OFFICIAL ? ms(other) + unit : named(name, ms(other) + unit),
    ours: ms(mine) + unit,
    ...('ms' in atMost
      ? { reached: ms(mine), target: `≤ ${atMost.ms} ms`, isMet: mine <= atMost.ms }
      : {
          reached: `${round(mine / other)} × ${name}`,
          target: `≤ ${round(atMost.ofTheirs)} × ${name}`,
          isMet: mine <= atMost.ofTheirs * other,
        }),
  }
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: 'Puts of other states',
    text:
      `One put after each change. PostgresSaver stores a channel whole if its version is new and not at all if it isn't; it is not asked to look. ` +
      `Times are medians of ${ROUNDS.ours} puts (theirs: ${ROUNDS.theirs}); CPU is the client's, and the server's where it can be seen.`,
    head: ['store', 'state', 'change', 'theirs', 'CPU', 'ours', 'CPU', 'time, ours / theirs', 'CPU, ours / theirs'],
    rows: rows.map(({ where, shape, change, ours, theirs }) => [
      where,
      shape,
      change,
      ms(theirs.medianMs),
      shownCpu(theirs),
      ms(ours.medianMs),
      shownCpu(ours),
      `${round(ours.medianMs / theirs.medianMs)} ×`,
      `${round(cpuOf(ours) / cpuOf(theirs))} ×`,
    ]),
  }
}

/** Medians, as a collection of garbage falls into one put in many. */
function cpuOf({ clientCpuMedianMs = Number.NaN, serverCpuMedianMs = 0 }: Measurement): number {
  return clientCpuMedianMs + serverCpuMedianMs
}

function shownCpu({ clientCpuMedianMs = Number.NaN, serverCpuMedianMs: server }: Measurement): string {
  return server === undefined ? ms(clientCpuMedianMs) : `${round(clientCpuMedianMs)} + ${ms(server)}`
}
