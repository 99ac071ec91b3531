/** What one call of each kind costs in round trips, and one invoke of the agent. */
import type { PendingWrite } from '@langchain/langgraph-checkpoint'
import { Chain } from '../chain.ts'
import { agent, headAt, messageBeside, takeTurn } from '../conversation.ts'
import { minus } from '../measure.ts'
import { withBoth, type PgSubject } from '../savers.ts'
import type { Traffic } from '../wire.ts'
import { bytes, type Figure, type Workload } from '../workload.ts'

const THREAD = 'calls'

export const calls: Workload = {
  name: 'calls',
  run: (bench) =>
    withBoth(bench.server.url, 'calls', async (ours, official) => {
      bench.step('round trips of each call')
      const mine = await countCalls(ours)
      const theirs = await countCalls(official)
      const figures = (Object.keys(mine) as (keyof Calls)[]).map((kind): Figure => {
        const reached = `${mine[kind].roundTrips}`
        const most = { put: 1, putWrites: 1, getTuple: 1, 'getTuple, cold': 1, 'an invoke of the agent': undefined }[
          kind
        ]
        return {
          work: `round trips: ${kind}`,
          ...(kind === 'an invoke of the agent' ? { headline: 'round trips of an invoke of an agent' } : {}),
          theirs: tell(theirs[kind]),
          ours: tell(mine[kind]),
          reached,
          target: most === undefined ? '' : `≤ ${most}`,
          isMet: most === undefined ? undefined : mine[kind].roundTrips <= most,
        }
      })
      return { figures, measurements: [], checked: 2 * 2 }
    }),
}

type Calls = Record<'put' | 'putWrites' | 'getTuple' | 'getTuple, cold' | 'an invoke of the agent', Traffic>

async function countCalls({ saver, wire, cold }: PgSubject): Promise<Calls> {
  const count = async (call: () => unknown): Promise<Traffic> => {
    const before = wire.traffic
    await call()
    return minus(wire.traffic, before)
  }
  const chain = await Chain.begin(saver, THREAD, await headAt(4))
  // What the agent's loop puts after its model: five channels have new values.
  chain.prepare({
    messages: [...(chain.values['messages'] as unknown[]), messageBeside(0)],
    'branch:to:model': null,
    'branch:to:tools': null,
    a: 'one more',
    b: 'channel',
  })
  const put = await count(() => chain.put())
  const written: PendingWrite[] = [
    ['messages', [messageBeside(1)]],
    ['branch:to:tools', null],
    ['a', 'one more'],
    ['b', 'write'],
  ]
  const parent = { configurable: { ...chain.config.configurable, checkpoint_id: chain.lastId } }
  chain.witness.noteWrites(chain.lastId, written, 'task')
  const putWrites = await count(() => saver.putWrites(parent, written, 'task'))
  const getTuple = await count(() => saver.getTuple(chain.config))
  const other = await cold()
  const getTupleCold = await count(() => other.getTuple(chain.config))
  await chain.witness.check(saver, THREAD)

  const app = agent(saver)
  await takeTurn(app, 'agent', 0, 'async')
  const invoke = await count(() => takeTurn(app, 'agent', 4, 'async'))
  return { put, putWrites, getTuple, 'getTuple, cold': getTupleCold, 'an invoke of the agent': invoke }
}

function tell({ roundTrips, sentBytes, receivedBytes }: Traffic): string {
  return `${roundTrips} (${bytes(sentBytes)} out, ${bytes(receivedBytes)} in)`
}
