/** The history of a thread: all of 500 checkpoints, and the first of 5,000 by somebody who wants no more. */
import type { BaseMessage } from '@langchain/core/messages'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { Chain } from '../chain.ts'
import { headAt, messagesTo } from '../conversation.ts'
import { settledHeap } from '../heap.ts'
import { alternate, of, type Measurement } from '../measure.ts'
import { OFFICIAL, OURS, openOfficial, openOurs, withBoth, type PgSubject } from '../savers.ts'
import { atMostFraction, bytes, ms, type Bench, type Outcome, type Workload } from '../workload.ts'

/** A state of 20 KB: the last messages of a conversation. With each checkpoint one comes and one goes. */
const WINDOW = 10
const SHORT = 500
const LONG = 5000
/** At a time, when the threads are made. */
const PUTS = 8
const FIRST_ROW_TARGET_MS = 20
/** The official saver reads everything before it gives the first row; this is how long it is waited for. */
const PATIENCE_MS = 15_000
const COLD = `${OURS}, cold`

export const list: Workload = {
  name: 'list',
  run: (bench) =>
    withBoth(
      bench.server.url,
      'list',
      async (ours, official) => {
        bench.step(`threads of ${SHORT} and ${LONG} checkpoints`)
        const messages = messagesTo(LONG + WINDOW)
        const chains = new Map<PgSubject, { short: Chain; long: Chain }>()
        for (const [subject, open] of [
          [ours, openOurs],
          [official, openOfficial],
        ] as const) {
          // Nothing of this is measured, so it need not wait for the disk.
          const seeder = await open(bench.server.url, 'list', { options: '-c synchronous_commit=off' })
          const short = await fill(seeder.saver, 'short', messages.slice(0, SHORT + WINDOW))
          chains.set(subject, { short, long: await fill(seeder.saver, 'long', messages) })
          await seeder.wire.end()
          await bench.server.vacuum(subject.schema)
        }
        const all = await listAll(bench, ours, official)
        const first = await firstOfLong(bench, ours, official)
        let checked = 0
        for (const [{ saver }, { short, long }] of chains) {
          checked += await short.witness.check(saver, 'short')
          checked += await long.witness.check(saver, 'long', long.witness.sample(20))
        }
        checked += (await chains.get(ours)?.long.witness.check(ours.saver, 'long')) ?? 0
        return {
          figures: [...all.figures, ...first.figures],
          measurements: [...all.measurements, ...first.measurements],
          notes: first.notes ?? [],
          checked,
        }
      },
      { statement_timeout: PATIENCE_MS },
    ),
}

async function fill(saver: BaseCheckpointSaver, threadId: string, messages: readonly BaseMessage[]): Promise<Chain> {
  const chain = await Chain.begin(saver, threadId, await headAt(4))
  let puts: Promise<void>[] = []
  for (let i = 1; i <= messages.length - WINDOW; i++) {
    chain.prepare({ messages: messages.slice(i, i + WINDOW) })
    puts.push(chain.put())
    if (i % PUTS !== 0) continue
    await Promise.all(puts)
    puts = []
  }
  await Promise.all(puts)
  return chain
}

async function listAll(bench: Bench, ours: PgSubject, official: PgSubject): Promise<Outcome> {
  const what = `list, all of ${SHORT}`
  bench.step(what)
  let cold: BaseCheckpointSaver
  const results = await alternate(bench.server, {
    what,
    rounds: 10,
    warmups: 1,
    contestants: [
      { name: OURS, wire: ours.wire, run: () => readAll(ours.saver, 'short') },
      {
        name: COLD,
        wire: ours.wire,
        prepare: async () => (cold = await ours.cold()),
        run: () => readAll(cold, 'short'),
      },
      { name: OFFICIAL, wire: official.wire, rounds: 3, run: () => readAll(official.saver, 'short') },
    ],
  })
  const [mine, theirs] = [of(results, OURS).medianMs, of(results, OFFICIAL).medianMs]
  return {
    figures: [
      {
        work: what,
        headline: 'history of 500 checkpoints of 20 KB',
        theirs: ms(theirs),
        ours: ms(mine),
        ...atMostFraction(mine / theirs, 10),
      },
    ],
    measurements: [...results.values()],
    checked: 0,
  }
}

async function firstOfLong(bench: Bench, ours: PgSubject, official: PgSubject): Promise<Outcome> {
  const what = `list, first row of ${LONG}`
  bench.step(what)
  let cold: BaseCheckpointSaver
  const results = await alternate(bench.server, {
    what,
    rounds: 20,
    warmups: 2,
    contestants: [
      { name: OURS, wire: ours.wire, run: () => readFirst(ours.saver, 'long') },
      {
        name: COLD,
        wire: ours.wire,
        prepare: async () => (cold = await ours.cold()),
        run: () => readFirst(cold, 'long'),
      },
    ],
  })
  bench.step(`${what}, ${OFFICIAL}`)
  const theirs = await measureOfficial(what, official)
  bench.step(`list, all of ${LONG}, for its memory`)
  const peak = await peakOfAll(await ours.cold())
  const { medianMs } = of(results, COLD)
  return {
    figures: [
      {
        work: what,
        theirs: theirs === undefined ? `> ${PATIENCE_MS / 1000} s, given up` : ms(theirs.medianMs),
        ours: ms(medianMs),
        reached: ms(medianMs),
        target: `< ${FIRST_ROW_TARGET_MS} ms`,
        isMet: medianMs < FIRST_ROW_TARGET_MS,
      },
    ],
    measurements: [...results.values(), ...(theirs === undefined ? [] : [theirs])],
    notes: [
      `${OURS}, list of all ${LONG} checkpoints of 20 KB: at most ${bytes(peak)} of heap beyond what was used before (cache included)`,
    ],
    checked: 0,
  }
}

async function measureOfficial(what: string, { name, saver }: PgSubject): Promise<Measurement | undefined> {
  const start = performance.now()
  try {
    await readFirst(saver, 'long')
  } catch (error) {
    if ((error as { code?: string }).code === '57014') return undefined
    throw error
  }
  const took = performance.now() - start
  return { what, who: name, runs: 1, medianMs: took, p99Ms: took }
}

async function readAll(saver: BaseCheckpointSaver, threadId: string): Promise<void> {
  let count = 0
  for await (const tuple of saver.list(threadOf(threadId))) if (tuple.checkpoint.id !== '') count++
  if (count !== SHORT + 1) throw new Error(`list gave ${count} checkpoints.`)
}

async function readFirst(saver: BaseCheckpointSaver, threadId: string): Promise<void> {
  for await (const tuple of saver.list(threadOf(threadId))) if (tuple.checkpoint.id !== '') return
}

/** The most heap that was used while going through all, looked at every hundred rows, after a collection. */
async function peakOfAll(saver: BaseCheckpointSaver): Promise<number> {
  const before = await settledHeap()
  let peak = 0
  let count = 0
  for await (const tuple of saver.list(threadOf('long'))) {
    if (tuple.checkpoint.id !== '' && ++count % 100 === 0) peak = Math.max(peak, (await settledHeap()) - before)
  }
  return peak
}

function threadOf(threadId: string) {
  return { configurable: { thread_id: threadId, checkpoint_ns: '' } }
}
