/** What is told to those who listen: where, how long and how much, never what. */
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { InMemoryCheckpointer, PgCheckpointer, type LateWrite, type OperationContext } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { failInserts } from '../support/fault-sql.ts'

const OPERATIONS = ['put', 'putWrites', 'getTuple', 'list', 'getDeltaChannelHistory', 'deleteThread'] as const
type Event = [event: string, context: OperationContext]

function listen(): Event[] {
  const events: Event[] = []
  for (const operation of OPERATIONS) {
    const note = (event: string) => (context: OperationContext) => void events.push([event, context])
    const subscribers = {
      start: note('start'),
      end: note('end'),
      asyncStart: note('asyncStart'),
      asyncEnd: note('asyncEnd'),
      error: note('error'),
    }
    const traced = tracingChannel<unknown, OperationContext>(`langgraph-pg-checkpointer:${operation}`)
    traced.subscribe(subscribers)
    onTestFinished(() => {
      traced.unsubscribe(subscribers)
    })
  }
  return events
}

const classes = {
  InMemoryCheckpointer: async () => new InMemoryCheckpointer(),
  PgCheckpointer: async () => {
    const checkpointer = new PgCheckpointer({ connection: (await createDatabase()).url, schema })
    onTestFinished(() => checkpointer.end())
    await checkpointer.setup()
    return checkpointer
  },
}

describe.each(Object.entries(classes))('%s', (name, open) => {
  test('publishes the begin and the end of each operation, without state', async () => {
    const checkpointer = await open()
    const events = listen()
    const thread = new TestThread(checkpointer, 'ns')
    const id = await thread.put(
      { a: 'the secret', b: Array.from({ length: 50 }, () => 'the secret'.repeat(50)) },
      { metadata: { note: 'the secret' } },
    )
    await thread.put({ a: 'the secret' })
    await thread.write(id, [['a', 'the secret']])
    await thread.read()
    await thread.list()
    await checkpointer.getDeltaChannelHistory({ config: thread.config(), channels: ['a'] })
    await checkpointer.deleteThread(thread.threadId)

    const contexts = new Set(events.map(([, context]) => context))
    expect([...contexts].map(({ operation }) => operation)).toEqual([
      'put',
      'put',
      'putWrites',
      'getTuple',
      'list',
      'getDeltaChannelHistory',
      'deleteThread',
    ])
    for (const context of contexts) {
      expect(events.filter(([, other]) => other === context).map(([event]) => event)).toEqual([
        'start',
        'end',
        'asyncStart',
        'asyncEnd',
      ])
      expect(context.checkpointer).toBe(name)
      expect(context.address.threadId).toBe(thread.threadId)
      expect(context.durationMs).toBeGreaterThan(0)
      const isOnTheWire = name === 'PgCheckpointer'
      expect(context.bytesSent > 0).toBe(isOnTheWire)
      expect(context.bytesReceived > 0).toBe(isOnTheWire)
      expect(context.statements).toBe(isOnTheWire ? (context.operation === 'deleteThread' ? 2 : 1) : 0)
    }
    const [first, , writes, read, list] = [...contexts] as OperationContext[]
    expect(first?.address).toEqual({ threadId: thread.threadId, ns: 'ns', checkpointId: id })
    expect(writes?.address.checkpointId).toBe(id)
    expect([read?.checkpoints, list?.checkpoints]).toEqual([1, 2])
    expect(inspect(events, { depth: 9, showHidden: true })).not.toContain('secret')
  })

  test('publishes a failure', async () => {
    const checkpointer = await open()
    const events = listen()
    const failing = checkpointer.putWrites({ configurable: { thread_id: 't' } }, [['a', 1]], 'task')
    await expect(failing).rejects.toThrow('checkpoint_id')
    expect(events.map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(events.at(-1)?.[1]).toMatchObject({ operation: 'putWrites', error: { code: 'INVALID_INPUT' } })
    await expect(checkpointer.list({ configurable: { thread_id: '' } }).next()).rejects.toThrow('thread_id')
    expect(events.slice(5).map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
  })

  test('publishes the end of a list that its reader leaves early', async () => {
    const checkpointer = await open()
    const thread = new TestThread(checkpointer)
    for (let n = 0; n < 5; n++) await thread.put({ n })
    const events = listen()
    for await (const _ of checkpointer.list(thread.config())) break
    expect(events.map(([event]) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(events[0]?.[1].checkpoints).toBe(1)
  })

  test('publishes a late write', async () => {
    const checkpointer = await open()
    const late: LateWrite[] = []
    const note = (message: unknown) => void late.push(message as LateWrite)
    channel('langgraph-pg-checkpointer:late-write').subscribe(note)
    onTestFinished(() => {
      channel('langgraph-pg-checkpointer:late-write').unsubscribe(note)
    })
    const thread = TestThread.inRun(checkpointer).subgraph('ns')
    const id = await thread.put({ a: 1 })
    await checkpointer.deleteThread(thread.threadId)
    await thread.write(id, [['a', 'the secret']])
    const next = await thread.put({ a: 'the secret' })
    expect(late).toEqual([
      { operation: 'putWrites', address: { threadId: thread.threadId, ns: 'ns', checkpointId: id } },
      { operation: 'put', address: { threadId: thread.threadId, ns: 'ns', checkpointId: next } },
    ])
  })
})

test('no context is made without a subscriber', async () => {
  const checkpointer = new InMemoryCheckpointer()
  // The address of a context is read from the config once more than the checkpointer itself reads it.
  const timesRead = async () => {
    let times = 0
    const configurable = {
      get thread_id() {
        times++
        return 't'
      },
    }
    await checkpointer.getTuple({ configurable })
    return times
  }
  const without = await timesRead()
  const events = listen()
  expect(await timesRead()).toBe(without + 1)
  expect(events[0]?.[1].address.threadId).toBe('t')
})

test('attempts are counted for the operation that made them and for no other', async () => {
  const { url } = await createDatabase()
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  onTestFinished(() => checkpointer.end())
  await checkpointer.setup()
  const events = listen()
  const faults = await failInserts(url, schema, 'checkpoints', '40001', 2)
  const thread = new TestThread(checkpointer)
  await Promise.all([thread.put({ a: 1 }), new TestThread(checkpointer).read()])
  await faults.stop()
  const [put, read] = ['put', 'getTuple'].map(
    (operation) => events.find(([, context]) => context.operation === operation)?.[1],
  )
  expect(put).toMatchObject({ statements: 3, retries: 2 })
  expect(read).toMatchObject({ statements: 1, retries: 0 })
})
