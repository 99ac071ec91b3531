/** What LangGraph 1.5 to 1.7 changed in what it writes, and in what it rests on when it reads. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import {
  Annotation,
  Command,
  DeltaChannel,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type BaseCheckpointSaver,
  type Interrupt,
  type StateSnapshot,
} from '@langchain/langgraph'
import { z } from 'zod'
import { collect } from '../support/checkpoints.ts'
import { hasLangGraph } from '../support/langgraph-line.ts'
import { newThread, openCheckpointers, scenario } from '../support/scenario.ts'
import { watch } from '../support/watched-checkpointer.ts'

openCheckpointers()
const isNewest = hasLangGraph(7)

/** A scenario of what LangGraph 1.4 does not have. */
const newScenario: typeof scenario = (...of) =>
  describe.skipIf(!isNewest)('from LangGraph 1.7 on', () => scenario(...of))

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}
const readText = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const manifest = JSON.parse(readText('package.json')) as Manifest
const PACKAGES = ['@langchain/langgraph', '@langchain/core', '@langchain/langgraph-checkpoint']

test('the LangGraph that package.json names is installed, so that nothing here is skipped on the newest', () => {
  expect(isNewest).toBe(Number(manifest.devDependencies['@langchain/langgraph']?.split('.')[1]) >= 7)
})

test('the README names the versions of the two lines, and the peer dependencies begin with the older one', () => {
  const older = JSON.parse(readText('test/lines/1.4.json')) as Record<string, string>
  const readme = readText('README.md').replaceAll(/\s+/g, ' ')
  for (const versions of isNewest ? [manifest.devDependencies, older] : [older]) {
    const [langgraph, core, checkpoint] = PACKAGES.map((name) => versions[name])
    expect(readme).toContain(`${langgraph} with core ${core} and checkpoint ${checkpoint} (`)
  }
  for (const name of PACKAGES) expect(manifest.peerDependencies[name]).toBe(`^${older[name]}`)
})

const State = Annotation.Root({
  said: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
})
const ask = (question: string): string => interrupt<string, string>(question)

/** Two questions in one node, and beside it a node with one. */
const questions = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(State)
    .addNode('two', () => ({ said: [`${ask('first?')} and ${ask('second?')}`] }))
    .addNode('one', () => ({ said: [ask('only?')] }))
    .addEdge(START, 'two')
    .addEdge(START, 'one')
    .compile({ checkpointer })

async function pending(app: ReturnType<typeof questions>, config: object): Promise<Map<string, string>> {
  const { tasks } = await app.getState(config)
  return new Map(tasks.flatMap(({ interrupts }) => interrupts.map(({ id, value }) => [value as string, id!])))
}

/** The pending writes of the head to a channel. */
async function writesTo(checkpointer: BaseCheckpointSaver, config: object, channel: string): Promise<unknown[]> {
  const { pendingWrites = [] } = (await checkpointer.getTuple(config))!
  return pendingWrites.filter(([, name]) => name === channel).map(([, , value]) => value)
}

scenario(
  'questions are written as lists from 1.5 on, as single ones before, and come back as they were written',
  async (checkpointer) => {
    const inner = new StateGraph(State)
      .addNode('a', () => ({ said: [ask('a?')] }))
      .addNode('b', () => ({ said: [ask('b?')] }))
      .addEdge(START, 'a')
      .addEdge(START, 'b')
      .compile()
    const watched = watch(checkpointer)
    const app = new StateGraph(State)
      .addNode('inner', inner)
      .addEdge(START, 'inner')
      .compile({ checkpointer: watched.checkpointer })
    const config = newThread()
    await app.invoke({ said: [] }, config)
    const written = watched.putWrites
      .filter(({ ns }) => ns === '')
      .flatMap(({ writes }) => writes.filter(([channel]) => channel === '__interrupt__').map(([, value]) => value))
    const read = await writesTo(checkpointer, config, '__interrupt__')
    assert.deepEqual(read, written)
    return read.map((value) => (Array.isArray(value) ? (value as Interrupt[]).map((each) => each.value) : 'one'))
  },
  isNewest ? [['a?', 'b?']] : ['one'],
)

newScenario(
  'each question of a node has an id of its own, and an answer finds its question',
  async (checkpointer) => {
    const app = questions(checkpointer)
    const config = newThread()
    await app.invoke({ said: [] }, config)
    const before = await pending(app, config)
    await app.invoke(new Command({ resume: { [before.get('first?')!]: 'A', [before.get('only?')!]: 'C' } }), config)
    const after = await pending(app, config)
    assert.notEqual(after.get('second?'), before.get('first?'))
    const { said } = await app.invoke(new Command({ resume: { [after.get('second?')!]: 'B' } }), config)
    return { before: [...before.keys()].toSorted(), after: after.has('second?'), said }
  },
  { before: ['first?', 'only?'], after: true, said: ['C', 'A and B'] },
)

newScenario(
  'a strict resume is refused unless it names what is pending, and writes nothing then',
  async (checkpointer) => {
    const app = questions(checkpointer)
    const config = newThread({ __pregel_strict_resume: true })
    await app.invoke({ said: [] }, config)
    const ids = await pending(app, config)
    const first = ids.get('first?')!
    const stored = async () => JSON.stringify((await collect(checkpointer.list(config))).map((tuple) => tuple))
    const refusal = async (resume: unknown) => {
      const before = await stored()
      const error = await app.invoke(new Command({ resume }), config).catch((reason: unknown) => reason)
      assert.equal(await stored(), before)
      const { name, reason, interruptIds, pendingIds } = error as Record<string, string[]>
      return { name, reason, interruptIds, pending: pendingIds?.length }
    }
    const unknown = 'f'.repeat(32)
    const refusals = [await refusal({ [unknown]: 'X' }), await refusal('to whom?'), await refusal({})]
    await app.invoke(new Command({ resume: { [first]: 'A' } }), config)
    const again = await refusal({ [first]: 'A again' })
    const rest = await pending(app, config)
    const resume = { [rest.get('second?')!]: 'B', [rest.get('only?')!]: 'C' }
    const { said } = await app.invoke(new Command({ resume }), config)
    return { refusals, isAgainRefused: again.reason, said }
  },
  {
    refusals: [
      { name: 'UnknownInterruptError', reason: 'not_pending', interruptIds: ['f'.repeat(32)], pending: 2 },
      { name: 'UnknownInterruptError', reason: 'ambiguous', interruptIds: [], pending: 2 },
      { name: 'UnknownInterruptError', reason: 'empty_map', interruptIds: [], pending: 2 },
    ],
    isAgainRefused: 'not_pending',
    said: ['C', 'A and B'],
  },
)

newScenario(
  'the schema of an answer is stored with the question, and a wrong answer leaves the question pending',
  async (checkpointer) => {
    const responseSchema = z.object({ approved: z.boolean() })
    const app = new StateGraph(State)
      .addNode('approve', () => {
        const { approved } = interrupt<string, { approved: boolean }>('approve?', { responseSchema })
        return { said: [approved ? 'yes' : 'no'] }
      })
      .addEdge(START, 'approve')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ said: [] }, config)
    const question = async () => (await app.getState(config)).tasks[0]!.interrupts[0]!
    const { response_schema: schema, id } = await question()
    await assert.rejects(app.invoke(new Command({ resume: { approved: 'perhaps' } }), config), /approved/)
    const later = await question()
    const { said } = await app.invoke(new Command({ resume: { approved: true } }), config)
    return { schema, isSame: later.id === id && JSON.stringify(later.response_schema) === JSON.stringify(schema), said }
  },
  {
    schema: expect.objectContaining({ type: 'object', required: ['approved'] }),
    isSame: true,
    said: ['yes'],
  },
)

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
  'a run that names the head goes on from it, also after a turn by a host whose clock is behind',
  async (checkpointer) => {
    const calls: string[] = []
    const app = new StateGraph(State)
      .addNode('before', () => (calls.push('before'), { said: ['before'] }))
      .addNode('asks', () => ({ said: [ask('go on?')] }))
      .addEdge(START, 'before')
      .addEdge('before', 'asks')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ said: ['one'] }, config)
    await app.invoke(new Command({ resume: 'yes' }), config)
    const { now } = Date
    vi.spyOn(Date, 'now').mockImplementation(() => now() - 10_000)
    try {
      await app.invoke({ said: ['two'] }, config)
    } finally {
      vi.restoreAllMocks()
    }
    const { config: head } = await app.getState(config)
    // If the head were another one, this would run as a fork: LangGraph stores a checkpoint with source "fork" then.
    const { said } = await app.invoke(new Command({ resume: 'again' }), head)
    const forks = (await collect(checkpointer.list(config, { filter: { source: 'fork' } }))).length
    return { said, calls, forks }
  },
  {
    said: ['one', 'before', 'yes', 'two', 'before', 'again'],
    calls: ['before', 'before'],
    forks: 0,
  },
  false,
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

scenario(
  'a graph that a parent lends its checkpointer keeps its messages over updateState',
  async (checkpointer) => {
    const child = new StateGraph(MessagesAnnotation)
      .addNode('say', () => ({ messages: [{ role: 'ai' as const, content: 'hello' }] }))
      .addNode('asks', () => ({ messages: [{ role: 'human' as const, content: ask('name?') }] }))
      .addEdge(START, 'say')
      .addEdge('say', 'asks')
      .compile()
    const app = new StateGraph(MessagesAnnotation)
      .addNode('child', child)
      .addEdge(START, 'child')
      .compile({ checkpointer })
    const config = newThread()
    await app.invoke({ messages: [{ role: 'human', content: 'hi' }] }, config)
    const { tasks } = await app.getState(config, { subgraphs: true })
    const { checkpoint_ns } = (tasks[0]!.state as StateSnapshot).config.configurable as { checkpoint_ns: string }
    const lent = { configurable: { ...config.configurable, checkpoint_ns, __pregel_checkpointer: checkpointer } }
    await child.updateState(lent, { messages: [{ role: 'ai', content: 'added' }] }, 'say')
    const texts = ({ messages }: typeof MessagesAnnotation.State) => messages.map(({ text }) => text)
    const inside = texts((await child.getState(lent)).values as typeof MessagesAnnotation.State)
    return { inside, result: texts(await app.invoke(new Command({ resume: 'Ada' }), config)) }
  },
  { inside: ['hi', 'hello', 'added'], result: ['hi', 'hello', 'added', 'Ada'] },
)
