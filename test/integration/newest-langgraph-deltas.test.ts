/** What LangGraph 1.5 to 1.7 changed about DeltaChannels: what it notes, in which order it replays, and what it waits for. */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { Annotation, DeltaChannel, START, StateGraph, type BaseCheckpointSaver } from '@langchain/langgraph'
import { collect } from '../support/checkpoints.ts'
import { newScenario, newThread, openCheckpointers } from '../support/scenario.ts'
import { watch } from '../support/watched-checkpointer.ts'

openCheckpointers()

const itemsWith = (snapshotFrequency: number) =>
  Annotation.Root({
    items: new DeltaChannel<string[], string[]>((all: string[], writes: string[][]) => all.concat(...writes), {
      snapshotFrequency,
    }),
  })
type Items = ReturnType<typeof itemsWith>['State']
/** START → four nodes at once → end: lists that show the order. */
const itemsGraph = (checkpointer: BaseCheckpointSaver, snapshotFrequency = 3) => {
  const graph = new StateGraph(itemsWith(snapshotFrequency)).addNode('end', () => ({ items: ['end'] })) as StateGraph<
    ReturnType<typeof itemsWith>['spec'],
    Items,
    Partial<Items>,
    string
  >
  for (const name of ['d', 'c', 'b', 'a']) {
    graph.addNode(name, () => ({ items: [`${name}1`, `${name}2`] }))
    graph.addEdge(START, name).addEdge(name, 'end')
  }
  return graph.compile({ checkpointer })
}
const AT_ONCE = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2']
const TURN = [...AT_ONCE, 'end']

newScenario(
  'what LangGraph notes about deltas in metadata and versions_seen comes back whole',
  async (checkpointer) => {
    const watched = watch(checkpointer)
    const app = itemsGraph(watched.checkpointer)
    const config = newThread()
    await app.invoke({ items: ['in'] }, config)
    const states = await collect(app.getStateHistory(config))
    const middle = states.find(({ next }) => next.join() === 'end')!
    await app.invoke(null, await app.updateState(middle.config, { items: ['FORK'] }, 'a'))
    await app.invoke(null, middle.config)
    const keys = new Set<string>()
    for (const { checkpoint, metadata } of watched.puts) {
      const at = { configurable: { ...config.configurable, checkpoint_ns: '', checkpoint_id: checkpoint.id } }
      const tuple = (await checkpointer.getTuple(at))!
      assert.deepEqual(tuple.metadata, metadata)
      assert.deepEqual(tuple.checkpoint.versions_seen, checkpoint.versions_seen)
      for (const key of [...Object.keys(metadata as object), ...Object.keys(checkpoint.versions_seen)]) keys.add(key)
    }
    return ['delta_writes_versioned', 'counters_since_delta_snapshot', '__snapshot_bumps__'].filter((key) =>
      keys.has(key),
    )
  },
  ['delta_writes_versioned', 'counters_since_delta_snapshot', '__snapshot_bumps__'],
)

newScenario(
  'a fork in the middle of a DeltaChannel thread has what was there, and leaves the branch as it was',
  async (checkpointer) => {
    const watched = watch(checkpointer)
    const app = itemsGraph(watched.checkpointer)
    const config = newThread()
    await app.invoke({ items: ['in'] }, config)
    const end = (await app.getState(config)).config
    const states = await collect(app.getStateHistory(config))
    const middle = states.find(({ next }) => next.join() === 'end')!
    watched.getTuples.length = 0
    const fork = await app.updateState(middle.config, { items: ['FORK'] }, 'a')
    const asked = watched.getTuples.map(({ checkpoint_id: id }) => (id === undefined ? 'head' : 'by id'))
    const at = async (place: object) => ((await app.getState(place)).values as Items).items
    return { asked, fork: await at(fork), left: await at(end), middle: await at(middle.config) }
  },
  {
    asked: ['by id', 'head'],
    fork: ['in', ...AT_ONCE, 'FORK'],
    left: ['in', ...TURN],
    middle: ['in', ...AT_ONCE],
  },
)

newScenario(
  'durability exit: deltas of several supersteps come back in the order in which they were applied',
  async (checkpointer) => {
    const watched = watch(checkpointer)
    const app = itemsGraph(watched.checkpointer, 100)
    const config = newThread()
    const lives: unknown[] = []
    const stored: unknown[] = []
    for (let turn = 0; turn < 4; turn++) {
      lives.push((await app.invoke({ items: [`in${turn}`] }, { ...config, durability: 'exit' })).items)
      stored.push(((await app.getState(config)).values as Items).items)
    }
    assert.deepEqual(stored, lives)
    const late = watched.putWrites.filter(({ taskId }) => taskId.startsWith('ffffffff-'))
    return {
      isLate: late.length > 0,
      paths: late.every(({ taskPath }) => taskPath?.startsWith('~~')),
      last: stored.at(-1),
    }
  },
  { isLate: true, paths: true, last: [0, 1, 2, 3].flatMap((turn) => [`in${turn}`, ...TURN]) },
)

newScenario(
  'when LangGraph puts a checkpoint, the deltas that it is made of can be read',
  async (checkpointer) => {
    const unread: string[] = []
    let checked = 0
    const watched = watch(checkpointer, async (parent) => {
      const { pendingWrites = [] } = (await checkpointer.getTuple(parent)) ?? {}
      for (const { checkpointId, writes, taskId } of watched.putWrites) {
        if (checkpointId !== parent.configurable?.['checkpoint_id']) continue
        for (const [channel, value] of writes.filter(([name]) => name === 'items')) {
          const isStored = pendingWrites.some(
            ([task, name, stored]) => task === taskId && name === channel && isDeepStrictEqual(stored, value),
          )
          if (!isStored) unread.push(`${taskId} ${channel}`)
          checked++
        }
      }
    })
    const config = newThread()
    const app = itemsGraph(watched.checkpointer)
    for (let turn = 0; turn < 3; turn++) await app.invoke({ items: ['in'] }, config)
    return { unread, checked }
  },
  { unread: [], checked: 3 * 6 },
)
