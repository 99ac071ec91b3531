/** The head of a conversation, read by a process that knows the thread (warm) and by one that doesn't (cold). */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { Chain } from '../chain.ts'
import { headAt, messagesTo } from '../conversation.ts'
import { Floor } from '../floor.ts'
import { alternate, of, type Measurement } from '../measure.ts'
import { FLOOR, OFFICIAL, OURS, withBoth } from '../savers.ts'
import { atMostFraction, atMostTimes, ms, named, type Figure, type Workload } from '../workload.ts'

const LENGTHS = [
  { messages: 50, rounds: 30, official: 30 },
  { messages: 200, rounds: 30, official: 20 },
  { messages: 500, rounds: 30, official: 12 },
  { messages: 2000, rounds: 15, official: 3 },
]
const DESIGN_LENGTH = 500
const COLD = `${OURS}, cold`

export const get: Workload = {
  name: 'get',
  run: async (bench) => {
    const floor = await Floor.open(bench.server.url, 'get')
    const figures: Figure[] = []
    const measurements: Measurement[] = []
    let checked = 0
    try {
      await withBoth(bench.server.url, 'get', async (ours, official) => {
        for (const { messages, rounds, official: officialRounds } of LENGTHS) {
          const title = `getTuple at message ${messages}`
          bench.step(title)
          const head = await headAt(messages)
          await floor.insert(title, 'head', Buffer.from(JSON.stringify(messagesTo(messages))))
          const chain = await Chain.begin(ours.saver, title, head)
          const theirs = await Chain.begin(official.saver, title, head)
          let cold: BaseCheckpointSaver
          const results = await alternate(bench.server, {
            what: title,
            rounds,
            warmups: 3,
            contestants: [
              { name: FLOOR, wire: floor.wire, run: () => floor.select(title, 'head') },
              { name: OURS, wire: ours.wire, run: () => ours.saver.getTuple(chain.config) },
              {
                name: COLD,
                wire: ours.wire,
                prepare: async () => (cold = await ours.cold()),
                run: () => cold.getTuple(chain.config),
              },
              {
                name: OFFICIAL,
                wire: official.wire,
                rounds: officialRounds,
                run: () => official.saver.getTuple(theirs.config),
              },
            ],
          })
          for (const saver of [ours.saver, await ours.cold()]) checked += await chain.witness.check(saver, title)
          checked += await theirs.check()
          measurements.push(...results.values())
          if (messages !== DESIGN_LENGTH) continue
          const official500 = of(results, OFFICIAL).medianMs
          for (const [name, target] of [
            [OURS, 70],
            [COLD, 18],
          ] as const) {
            figures.push({
              work: `${title}, ${name === OURS ? 'warm' : 'cold'}`,
              headline: `getTuple of that thread, ${name === OURS ? 'by the process that wrote it' : 'by another process'}`,
              theirs: ms(official500),
              ours: ms(of(results, name).medianMs),
              ...atMostFraction(of(results, name).medianMs / official500, target),
            })
          }
          figures.push({
            work: `${title}, cold, against reading the value as bytea`,
            theirs: named(FLOOR, ms(of(results, FLOOR).medianMs)),
            ours: ms(of(results, COLD).medianMs),
            ...atMostTimes(of(results, COLD).medianMs / of(results, FLOOR).medianMs, 1, 'floor'),
          })
        }
      })
    } finally {
      await floor.end()
    }
    return { figures, measurements, checked }
  },
}
