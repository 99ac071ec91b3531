/** What a saver adds to an invoke of a compiled graph: with it, minus without it. */
import { isDeepStrictEqual } from 'node:util'
import { Chain } from '../chain.ts'
import { MESSAGES_PER_TURN, agent, headAt, messagesTo, takeTurn, type Durability } from '../conversation.ts'
import { alternate, of, type Contestant, type Measurement } from '../measure.ts'
import { OFFICIAL, OURS, withBoth } from '../savers.ts'
import { atMostFraction, ms, type Figure, type Workload } from '../workload.ts'

/** The turn that is measured; the one before warms up its thread. */
const TURN = 30
const HELD = (TURN - 1) * MESSAGES_PER_TURN
const NOBODY = 'no saver'

export const invoke: Workload = {
  name: 'invoke',
  run: (bench) =>
    withBoth(bench.server.url, 'invoke', async (ours, official) => {
      const figures: Figure[] = []
      const measurements: Measurement[] = []
      let checked = 0
      const head = await headAt(HELD - MESSAGES_PER_TURN)
      for (const [durability, target] of [
        ['async', 15],
        ['sync', 15],
      ] as const satisfies readonly (readonly [Durability, number])[]) {
        const what = `turn ${TURN} of the agent, ${durability}`
        bench.step(what)
        const bare = agent()
        const input = messagesTo(HELD + 1)
        const expected: unknown = JSON.parse(JSON.stringify(messagesTo(HELD + MESSAGES_PER_TURN)))
        const withSaver = ({ name, saver, wire }: typeof ours): Contestant & { check(): Promise<number> } => {
          const app = agent(saver)
          let chain: Chain
          const chains: Chain[] = []
          return {
            name,
            wire,
            prepare: async (round) => {
              chain = await Chain.begin(saver, `${what} ${round}`, head)
              chains.push(chain)
              await takeTurn(app, chain.threadId, HELD - MESSAGES_PER_TURN, durability)
            },
            run: () => takeTurn(app, chain.threadId, HELD, durability),
            check: async () => {
              for (const { config } of chains) {
                const tuple = await saver.getTuple(config)
                const messages = tuple?.checkpoint.channel_values['messages']
                if (!isDeepStrictEqual(JSON.parse(JSON.stringify(messages)), expected))
                  throw new Error(`${name}: the state is not what was put.`)
              }
              return chains.length
            },
          }
        }
        const contestants = [withSaver(ours), withSaver(official)]
        const results = await alternate(bench.server, {
          what,
          rounds: 16,
          warmups: 3,
          contestants: [
            { name: NOBODY, run: () => bare.invoke({ messages: input }, { configurable: { thread_id: what } }) },
            ...contestants,
          ],
        })
        for (const contestant of contestants) checked += await contestant.check()
        measurements.push(...results.values())
        const without = of(results, NOBODY).medianMs
        const [mine, theirs] = [of(results, OURS).medianMs - without, of(results, OFFICIAL).medianMs - without]
        figures.push({
          work: `overhead of an invoke at turn ${TURN}, ${durability}`,
          headline: `what it adds to an invoke of an agent at turn ${TURN} (${durability})`,
          theirs: ms(theirs),
          ours: ms(mine),
          ...atMostFraction(mine / theirs, target),
        })
      }
      return { figures, measurements, checked }
    }),
}
