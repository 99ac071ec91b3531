/** What LangGraph 1.5 to 1.7 changed in what it writes, and in what it rests on when it reads. */
import assert from 'node:assert/strict'
import {
  Annotation,
  Command,
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
import { newScenario, newThread, openCheckpointers, scenario } from '../support/scenario.ts'
import { watch } from '../support/watched-checkpointer.ts'

openCheckpointers()

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
  'the questions of a node, a list in LangGraph 1.7 and one object in 1.4, come back as they were written',
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
  hasLangGraph(7) ? [['a?', 'b?']] : ['one'],
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
