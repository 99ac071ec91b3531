/** In memory, at the end of a conversation: what put and getTuple take, and what the process holds for it. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { MemorySaver } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer } from 'langgraph-pg-checkpointer'
import { Chain } from '../chain.ts'
import { MESSAGES_PER_TURN, agent, headAt, messageBeside, messagesTo, takeTurn } from '../conversation.ts'
import { settledHeap } from '../heap.ts'
import { alternate, of, type Contestant, type Measurement } from '../measure.ts'
import { findSqliteSaver } from '../savers.ts'
import { atMostFraction, bytes, ms, named, type Figure, type Workload } from '../workload.ts'

const MESSAGES = 500
const HEAP_TARGET = 3e6
const THREAD = 'conversation'
const MINE = 'InMemoryCheckpointer'
const THEIRS = 'MemorySaver'
const SQLITE = 'SqliteSaver'

export const memory: Workload = {
  name: 'memory',
  run: async (bench) => {
    const script = messagesTo(MESSAGES).map((message) => JSON.stringify(message))
    const sqlite = await findSqliteSaver()
    const savers: [string, () => BaseCheckpointSaver][] = [
      [MINE, () => new InMemoryCheckpointer()],
      [THEIRS, () => new MemorySaver()],
      ...(sqlite === undefined ? [] : [[SQLITE, sqlite] satisfies [string, () => BaseCheckpointSaver]]),
    ]
    const heaps = new Map<string, number>()
    const chains = new Map<string, Chain>()
    let checked = 0
    for (const [name, make] of savers) {
      bench.step(`${name}, ${MESSAGES} messages`)
      await converse(make()) // so that what else comes by it (compiled code, caches) is there before
      const before = await settledHeap()
      const saver = make()
      await converse(saver)
      heaps.set(name, (await settledHeap()) - before)
      checked += await checkConversation(name, saver, script)
    }
    for (const [name, make] of savers) chains.set(name, await Chain.begin(make(), 'head', await headAt(MESSAGES)))

    const measurements: Measurement[] = []
    const figures: Figure[] = []
    const race = async (what: string, target: number, contestant: (chain: Chain) => Omit<Contestant, 'name'>) => {
      bench.step(what)
      const contestants = [...chains].map(([name, chain]) => ({ name, ...contestant(chain) }))
      const results = await alternate(bench.server, { what, rounds: 60, warmups: 10, contestants })
      const [mine, theirs] = [of(results, MINE).medianMs, of(results, THEIRS).medianMs]
      measurements.push(...results.values())
      figures.push({
        work: what,
        headline: what,
        theirs: named(THEIRS, ms(theirs)),
        ours: ms(mine),
        ...atMostFraction(mine / theirs, target),
      })
    }
    await race(`in memory, put at message ${MESSAGES}`, 8, (chain) => {
      const base = chain.values['messages'] as unknown[]
      return {
        prepare: (i) => chain.prepare({ messages: [...base, messageBeside(i)] }),
        run: () => chain.put(),
      }
    })
    await race(`in memory, getTuple at message ${MESSAGES}`, 20, (chain) => ({ run: () => chain.read() }))
    for (const chain of chains.values()) checked += await chain.check()

    const heap = heaps.get(MINE) ?? Number.NaN
    figures.push({
      work: `in memory, heap for ${MESSAGES} messages`,
      headline: `in memory, heap for ${MESSAGES} messages of 2 KB`,
      theirs: named(THEIRS, bytes(heaps.get(THEIRS) ?? Number.NaN)),
      ours: bytes(heap),
      reached: bytes(heap),
      target: `≤ ${bytes(HEAP_TARGET)}`,
      isMet: heap <= HEAP_TARGET,
    })
    return { figures, measurements, checked, notes: sqlite === undefined ? [`${SQLITE}: not installed`] : [] }
  },
}

async function converse(saver: BaseCheckpointSaver): Promise<void> {
  const app = agent(saver)
  for (let held = 0; held < MESSAGES; held += MESSAGES_PER_TURN) await takeTurn(app, THREAD, held, 'async')
}

/** The lists of messages in the history (of the others, its end): each is the beginning of the script. */
async function checkConversation(name: string, saver: BaseCheckpointSaver, script: readonly string[]): Promise<number> {
  const config = { configurable: { thread_id: THREAD, checkpoint_ns: '' } }
  let checked = 0
  for await (const { checkpoint } of saver.list(config, name === MINE ? {} : { limit: 40 })) {
    const messages = (checkpoint.channel_values['messages'] as unknown[] | undefined) ?? []
    const isSame = messages.every((message, i) => JSON.stringify(message) === script[i])
    if (!isSame || (checked === 0 && messages.length !== MESSAGES))
      throw new Error(`${name}: the history is not what was put.`)
    checked++
  }
  return checked
}
