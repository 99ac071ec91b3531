/** A state of 10 MB of which only a counter changes. The saver is not told which: it has to look at all of it. */
import { Chain } from '../chain.ts'
import { headAt } from '../conversation.ts'
import { alternate, of } from '../measure.ts'
import { OFFICIAL, OURS, withBoth } from '../savers.ts'
import { prose } from '../text.ts'
import { ms, type Workload } from '../workload.ts'

const DOCUMENTS = 1000
const DOCUMENT_CHARS = 10_000
const TARGET_MS = 5

export const largeState: Workload = {
  name: 'large-state',
  run: (bench) =>
    withBoth(bench.server.url, 'large', async (ours, official) => {
      const what = 'put, 10 MB state, a counter changes'
      bench.step(what)
      const documents = Array.from({ length: DOCUMENTS }, (_, i) => ({
        id: `document-${i}`,
        title: prose(3_000_000 + i, 60),
        tags: ['bench', `group-${i % 10}`],
        text: prose(4_000_000 + i, DOCUMENT_CHARS),
      }))
      const head = await headAt(4)
      const { checkpoint } = head
      const large = {
        ...head,
        checkpoint: {
          ...checkpoint,
          channel_values: { ...checkpoint.channel_values, documents, counter: 0 },
          channel_versions: { ...checkpoint.channel_versions, documents: 1, counter: 1 },
        },
      }
      const chains = await Promise.all([ours, official].map(({ saver }) => Chain.begin(saver, what, large)))
      const results = await alternate(bench.server, {
        what,
        rounds: 40,
        contestants: [ours, official].map(({ name, wire }, i) => ({
          name,
          wire,
          prepare: (counter: number) => (chains[i] as Chain).prepare({ counter }),
          run: () => (chains[i] as Chain).put(),
        })),
      })
      let checked = 0
      for (const [i, { saver }] of [ours, official].entries()) {
        const { witness } = chains[i] as Chain
        checked += await witness.check(saver, what, witness.sample(2))
      }
      const { medianMs } = of(results, OURS)
      return {
        figures: [
          {
            work: what,
            theirs: ms(of(results, OFFICIAL).medianMs),
            ours: ms(medianMs),
            reached: ms(medianMs),
            target: `≤ ${TARGET_MS} ms`,
            isMet: medianMs <= TARGET_MS,
          },
        ],
        measurements: [...results.values()],
        checked,
      }
    }),
}
