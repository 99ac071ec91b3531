/** A DeltaChannel thread: a checkpoint holds what was added, so a read has to collect what the ones before it hold. */
import { isDeepStrictEqual } from 'node:util'
import type { BaseMessage } from '@langchain/core/messages'
import { InMemoryCheckpointer } from 'langgraph-pg-checkpointer'
import { MESSAGES_PER_TURN, deltaAgent, messagesTo, takeTurn } from '../conversation.ts'
import { Tally, minus, type Measurement } from '../measure.ts'
import { OFFICIAL, withBoth } from '../savers.ts'
import { Witness } from '../witness.ts'
import { ms, type Workload } from '../workload.ts'

/** Turns before the clock runs, and those it runs for: a history of about a hundred checkpoints. */
const TURNS = 16
const MEASURED = 10
const TARGET_MS = 10
const THREAD = 'delta'

export const delta: Workload = {
  name: 'delta',
  run: (bench) =>
    withBoth(bench.server.url, 'delta', async (ours, official) => {
      bench.step(`DeltaChannel, ${TURNS} turns`)
      // What LangGraph itself takes: it replays the history.
      const inMemory = { name: 'InMemoryCheckpointer', saver: new InMemoryCheckpointer(), wire: undefined }
      const sides = [ours, official, inMemory].map((subject) => {
        const witness = new Witness()
        const app = deltaAgent(witness.watch(subject.saver))
        const run = (turn: number) => takeTurn(app, THREAD, turn * MESSAGES_PER_TURN, 'async')
        return {
          subject,
          app,
          witness,
          run,
          tally: new Tally(bench.server, { name: subject.name, wire: subject.wire, run }),
        }
      })
      for (let turn = 0; turn < TURNS; turn++) for (const { run } of sides) await run(turn)
      bench.step(`DeltaChannel, an invoke after ${TURNS} turns`)
      for (let turn = TURNS; turn < TURNS + MEASURED; turn++) for (const { tally } of sides) await tally.time(turn)

      let checked = 0
      const expected = JSON.stringify(messagesTo((TURNS + MEASURED) * MESSAGES_PER_TURN))
      const counts: number[] = []
      for (const { subject, app, witness } of sides) {
        const config = { configurable: { thread_id: THREAD, checkpoint_ns: '' } }
        const { values } = await app.getState(config)
        const { messages } = values as { messages: BaseMessage[] }
        if (!isDeepStrictEqual(JSON.parse(JSON.stringify(messages)), JSON.parse(expected))) {
          throw new Error(`${subject.name}: the state is not what was put.`)
        }
        // On LangGraph 1.7, PostgresSaver 1.0.5 gives values of `messages` in checkpoints that were put without it. The state,
        // compared above, is right nevertheless.
        if (subject.name !== OFFICIAL) checked += await witness.check(subject.saver, THREAD)
        if (subject.wire === undefined) continue
        const before = subject.wire.traffic
        await subject.saver.getDeltaChannelHistory({ config, channels: ['messages'] })
        counts.push(minus(subject.wire.traffic, before).statements)
      }
      const measurements = sides.map(({ tally }): Measurement =>
        tally.measurement(`DeltaChannel, an invoke after ${TURNS} turns`),
      )
      const [mine, theirs] = measurements as [Measurement, Measurement]
      const [statements, theirStatements] = counts as [number, number]
      return {
        figures: [
          {
            work: `DeltaChannel thread, an invoke after ${TURNS} turns`,
            headline: `an invoke of a DeltaChannel thread after ${TURNS} turns`,
            theirs: `${ms(theirs.medianMs)}, ${theirs.roundTrips} round trips`,
            ours: `${ms(mine.medianMs)}, ${mine.roundTrips} round trips`,
            reached: ms(mine.medianMs),
            target: `≤ ${TARGET_MS} ms`,
            isMet: mine.medianMs <= TARGET_MS,
          },
          {
            work: 'DeltaChannel, statements for the history',
            theirs: `${theirStatements}`,
            ours: `${statements}`,
            reached: `${statements}`,
            target: '≤ 1',
            isMet: statements <= 1,
          },
        ],
        measurements,
        checked,
      }
    }),
}
