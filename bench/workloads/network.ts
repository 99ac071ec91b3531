/** The same over a network that takes 2.4 ms there and back: now each round trip counts. */
import { randomUUID } from 'node:crypto'
import { Chain } from '../chain.ts'
import { headAt, messageBeside, stepWith } from '../conversation.ts'
import { Floor } from '../floor.ts'
import { alternate, of } from '../measure.ts'
import { FLOOR, OFFICIAL, OURS, withBoth } from '../savers.ts'
import { startSlowProxy } from '../slow-proxy.ts'
import { atMostTimes, ms, round, type Workload } from '../workload.ts'

const DELAY_MS = 1.2
const TARGET = 1.1
const EMPTY = 'an empty round trip'

export const network: Workload = {
  name: 'network',
  run: async (bench) => {
    const proxy = await startSlowProxy(bench.server.url, DELAY_MS)
    const floor = await Floor.open(proxy.url, 'network')
    try {
      return await withBoth(proxy.url, 'network', async (ours, official) => {
        const what = `put, 2 KB state, a new part, ${2 * DELAY_MS} ms away`
        bench.step(what)
        const head = await headAt(1)
        const row = Buffer.from(JSON.stringify(head.checkpoint))
        const chains = await Promise.all([ours, official].map(({ saver }) => Chain.begin(saver, what, head)))
        const results = await alternate(bench.server, {
          what,
          rounds: 100,
          warmups: 100, // until the compiler is done with what a put runs through
          contestants: [
            { name: EMPTY, run: () => floor.roundTrip() },
            { name: FLOOR, wire: floor.wire, run: () => floor.insert(what, randomUUID(), row) },
            ...[ours, official].map(({ name, wire }, i) => ({
              name,
              wire,
              prepare: (step: number) => (chains[i] as Chain).prepare(stepWith([messageBeside(step)])),
              run: () => (chains[i] as Chain).put(),
            })),
          ],
        })
        let checked = 0
        for (const chain of chains) checked += await chain.check()
        const [mine, theirs, least] = [OURS, OFFICIAL, FLOOR].map((name) => of(results, name).medianMs) as [
          number,
          number,
          number,
        ]
        return {
          figures: [
            {
              work: what,
              headline: 'put, over a network of 2.4 ms round trip',
              theirs: `${ms(theirs)}, ${round(theirs / least)} × floor`,
              ours: `${ms(mine)}, ${round(mine / least)} × floor`,
              ...atMostTimes(mine / least, TARGET, 'floor'),
            },
          ],
          measurements: [...results.values()],
          checked,
        }
      })
    } finally {
      await floor.end()
      proxy.stop()
    }
  },
}
