/** One put at a time: of a small state, and at the end of a conversation. */
import { randomUUID } from 'node:crypto'
import { Chain } from '../chain.ts'
import { MESSAGE_CHARS, headAt, messageBeside, messagesTo, stepWith } from '../conversation.ts'
import { Floor } from '../floor.ts'
import { alternate, of, type Measurement } from '../measure.ts'
import { FLOOR, OFFICIAL, OURS, PREPARED, openOurs, withBoth, type PgSubject } from '../savers.ts'
import {
  atMostFraction,
  atMostTimes,
  ms,
  named,
  type Bench,
  type Figure,
  type Outcome,
  type Series,
  type Workload,
} from '../workload.ts'

/** Messages that a conversation has, and how often each saver puts at its end. */
const LENGTHS = [
  { messages: 50, rounds: 40, official: 40 },
  { messages: 200, rounds: 40, official: 30 },
  { messages: 500, rounds: 40, official: 20 },
  { messages: 1000, rounds: 40, official: 8 },
  { messages: 2000, rounds: 40, official: 5 },
]
const DESIGN_LENGTH = 500
/** Messages of this length are put as well. */
const SHORT_CHARS = 200
const EMPTY = 'an empty round trip'

export const put: Workload = {
  name: 'put',
  run: async (bench) => {
    const floor = await Floor.open(bench.server.url, 'put')
    try {
      return await withBoth(bench.server.url, 'put', async (ours, official) => {
        const small = await withPrepared(bench, (prepared) => smallPuts(bench, floor, [ours, prepared, official]))
        const long = await longPuts(bench, floor, ours, official, MESSAGE_CHARS)
        const short = await longPuts(bench, floor, ours, official, SHORT_CHARS)
        return {
          figures: [...small.figures, ...long.figures, ...short.figures],
          measurements: [...small.measurements, ...long.measurements, ...short.measurements],
          checked: small.checked + long.checked + short.checked,
          series: [...(long.series ?? []), ...(short.series ?? [])],
        }
      })
    } finally {
      await floor.end()
    }
  },
}

/** Ours once more, with prepared statements. */
async function withPrepared<Result>(
  { server }: Bench,
  work: (prepared: PgSubject) => Promise<Result>,
): Promise<Result> {
  const subject = await openOurs(server.url, 'put_prepared', {}, { preparedStatements: true })
  try {
    return await work({ ...subject, name: PREPARED })
  } finally {
    await subject.wire.end()
  }
}

/** A state of one 2 KB message: the same again in each checkpoint, or another in each. */
async function smallPuts(bench: Bench, floor: Floor, subjects: readonly PgSubject[]): Promise<Outcome> {
  const figures: Figure[] = []
  const measurements: Measurement[] = []
  let checked = 0
  const head = await headAt(1)
  const row = Buffer.from(JSON.stringify(head.checkpoint))
  for (const { title, isNew, target } of [
    { title: 'put, 2 KB state, no new part', isNew: false, target: 1.25 },
    { title: 'put, 2 KB state, a new part', isNew: true, target: 1.5 },
  ]) {
    bench.step(title)
    const chains = await Promise.all(subjects.map(({ saver }) => Chain.begin(saver, title, head)))
    const results = await alternate(bench.server, {
      what: title,
      rounds: 300,
      warmups: 300, // until the compiler is done with what a put runs through
      contestants: [
        { name: EMPTY, run: () => floor.roundTrip() },
        { name: FLOOR, wire: floor.wire, run: () => floor.insert(title, randomUUID(), row) },
        ...subjects.map(({ name, wire }, i) => {
          const chain = chains[i] as Chain
          return {
            name,
            wire,
            prepare: (round: number) => chain.prepare(isNew ? stepWith([messageBeside(round)]) : {}),
            run: () => chain.put(),
          }
        }),
      ],
    })
    for (const chain of chains) checked += await chain.check()
    measurements.push(...results.values())
    figures.push({
      work: title,
      theirs: named(FLOOR, ms(of(results, FLOOR).medianMs)),
      ours: ms(of(results, OURS).medianMs),
      ...atMostTimes(of(results, OURS).medianMs / of(results, FLOOR).medianMs, target, 'floor'),
    })
  }
  return { figures, measurements, checked }
}

/** One more message, at the end of a conversation that was read before. */
async function longPuts(
  bench: Bench,
  floor: Floor,
  ours: PgSubject,
  official: PgSubject,
  chars: number,
): Promise<Outcome> {
  const size = chars === MESSAGE_CHARS ? '2 KB' : `${chars} characters`
  const figures: Figure[] = []
  const measurements: Measurement[] = []
  const points: Record<string, [number, number][]> = { [OURS]: [], [OFFICIAL]: [] }
  let checked = 0
  for (const { messages, rounds, official: officialRounds } of LENGTHS) {
    const title = `put at message ${messages} of ${size}`
    bench.step(title)
    const head = await headAt(messages, chars)
    const row = Buffer.from(JSON.stringify(messagesTo(messages, chars)))
    const chains = await Promise.all([ours, official].map(({ saver }) => Chain.begin(saver, title, head)))
    const base = chains.map((chain) => chain.values['messages'] as unknown[])
    const results = await alternate(bench.server, {
      what: title,
      rounds,
      warmups: 3,
      contestants: [
        { name: FLOOR, wire: floor.wire, run: () => floor.insert(title, randomUUID(), row) },
        ...[ours, official].map(({ name, wire }, i) => {
          const chain = chains[i] as Chain
          return {
            name,
            wire,
            rounds: name === OURS ? rounds : officialRounds,
            prepare: (round: number) =>
              chain.prepare(stepWith([...(base[i] as unknown[]), messageBeside(round, chars)])),
            run: () => chain.put(),
          }
        }),
      ],
    })
    for (const [i, { name }] of [ours, official].entries()) {
      const chain = chains[i] as Chain
      checked += await chain.check(name === OURS ? undefined : chain.witness.sample(3))
      points[name]?.push([messages, of(results, name).medianMs])
    }
    measurements.push(...results.values())
    if (messages !== DESIGN_LENGTH) continue
    const ratio = of(results, OURS).medianMs / of(results, OFFICIAL).medianMs
    figures.push({
      work: title,
      headline: `put at message ${messages} of a conversation, of ${size} each`,
      theirs: ms(of(results, OFFICIAL).medianMs),
      ours: ms(of(results, OURS).medianMs),
      ...(chars === MESSAGE_CHARS
        ? atMostFraction(ratio, 20)
        : { ...atMostFraction(ratio, 1), target: '–', isMet: undefined }),
    })
  }
  const series = [OURS, OFFICIAL].map((who): Series => ({ quantity: 'put', who, chars, points: points[who] ?? [] }))
  return { figures, measurements, checked, series }
}
