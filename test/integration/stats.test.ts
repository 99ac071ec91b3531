/** stats() counts what was done, and the bytes that really went over the wire. */
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { newId, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema } from '../support/database.ts'
import { failInserts } from '../support/fault-sql.ts'
import { startProxy, targetOf } from '../support/tcp-proxy.ts'

async function open() {
  const { url } = await createDatabase()
  const bytes = { sent: 0, received: 0 }
  const proxy = await startProxy(targetOf(url, 5432), ({ client, server }) => ({
    toServer(chunk) {
      bytes.sent += chunk.length
      server.write(chunk)
    },
    toClient(chunk) {
      bytes.received += chunk.length
      client.write(chunk)
    },
  }))
  const checkpointer = new PgCheckpointer({ connection: proxy.through(url), schema })
  onTestFinished(async () => {
    await checkpointer.end()
    await proxy.stop()
  })
  await checkpointer.setup()
  return { url, checkpointer, bytes }
}

test('operations are counted by kind, including those that fail', async () => {
  for (const checkpointer of [new InMemoryCheckpointer(), (await open()).checkpointer]) {
    const thread = new TestThread(checkpointer)
    const id = await thread.put({ a: 1 })
    await thread.put({ a: 2 })
    await thread.write(id, [['a', 1]])
    await thread.read()
    await thread.list()
    await checkpointer.getDeltaChannelHistory({ config: thread.config(), channels: ['a'] })
    await checkpointer.deleteThread(thread.threadId)
    await expect(checkpointer.put({}, undefined as never, {} as never, {})).rejects.toThrow('thread_id')
    expect(checkpointer.stats().operations).toEqual({
      put: 3,
      putWrites: 1,
      getTuple: 1,
      list: 1,
      getDeltaChannelHistory: 1,
      deleteThread: 1,
    })
  }
})

test('late writes are counted', async () => {
  for (const checkpointer of [new InMemoryCheckpointer(), (await open()).checkpointer]) {
    const thread = TestThread.inRun(checkpointer)
    const id = await thread.put({ a: 1 })
    await checkpointer.deleteThread(thread.threadId)
    await thread.put({ a: 2 })
    await thread.write(id, [['a', 1]])
    expect(checkpointer.stats().lateWritesDropped).toBe(2)
  }
})

test('bytes are those that the connection carried', async () => {
  const { checkpointer, bytes } = await open()
  const thread = new TestThread(checkpointer)
  await thread.put({ a: 1 }) // the connection is open now
  const before = { ...bytes, stats: checkpointer.stats() }
  await thread.put({ text: 'x'.repeat(100_000) })
  await thread.write(newId(), [['a', 'y'.repeat(5000)]])
  await thread.read()
  const { bytesSent, bytesReceived } = checkpointer.stats()
  expect(bytesSent - before.stats.bytesSent).toBe(bytes.sent - before.sent)
  expect(bytesReceived - before.stats.bytesReceived).toBe(bytes.received - before.received)
  expect(bytesSent - before.stats.bytesSent).toBeGreaterThan(100_000)
})

test('a conversation sends its new parts and reuses the others', async () => {
  const { checkpointer } = await open()
  const thread = new TestThread(checkpointer)
  const messages = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(2000))
  for (let n = 1; n <= messages.length; n++) await thread.put({ messages: messages.slice(0, n) })
  const { partsWritten, partsReused, statements } = checkpointer.stats()
  expect(partsWritten).toBeLessThan(20)
  expect(partsReused).toBeGreaterThan(30)
  expect(statements).toBeLessThan(80) // setup, and one each
})

test('retries are counted', async () => {
  const { url, checkpointer } = await open()
  const faults = await failInserts(url, schema, 'checkpoints', '40001', 2)
  await new TestThread(checkpointer).put({ a: 1 })
  await faults.stop()
  expect(checkpointer.stats()).toMatchObject({ retries: 2 })
})
