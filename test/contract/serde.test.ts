/** A serializer of the caller's own: called at once, waited for, and its bytes come back to it. */
import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Annotation, START, StateGraph } from '@langchain/langgraph'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { InMemoryCheckpointer, PgCheckpointer } from '../../src/index.ts'
import { TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema, type TestDatabase } from '../support/database.ts'

/** Shifts every byte; takes as long as the value says; notes when it was called. */
class SlowSerializer implements SerializerProtocol {
  readonly calls: string[] = []

  async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    const text = JSON.stringify(value)
    this.calls.push(text.slice(0, 40))
    const { slowMs = 0, fails } = (value ?? {}) as { slowMs?: number; fails?: boolean }
    await sleep(slowMs)
    if (fails) throw new Error('not this one')
    return ['shifted', Buffer.from(text).map((byte) => byte ^ 7)]
  }

  async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
    assert.equal(type, 'shifted')
    assert.ok(data instanceof Uint8Array)
    return JSON.parse(Buffer.from(Buffer.from(data).map((byte) => byte ^ 7)).toString()) as unknown
  }
}

/** Gives other bytes each time, at once, as a cipher with a random nonce does. */
const cipher = {
  dumpsTyped(value: unknown): [string, Uint8Array] {
    if (value === 'not this one') throw new Error('not this one')
    const key = randomBytes(16)
    const hidden = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(JSON.stringify(value))
    return ['encrypted', Buffer.concat([key, hidden])]
  },
  loadsTyped(_: string, data: Uint8Array): unknown {
    const decipher = createDecipheriv('aes-128-ctr', data.subarray(0, 16), Buffer.alloc(16))
    return JSON.parse(decipher.update(data.subarray(16)).toString())
  },
} as unknown as SerializerProtocol

let database: TestDatabase
const serde = new SlowSerializer()
const checkpointers: Record<string, InMemoryCheckpointer | PgCheckpointer> = {}
const encrypting: typeof checkpointers = {}
beforeAll(async () => {
  database = await createDatabase()
  checkpointers['InMemoryCheckpointer'] = new InMemoryCheckpointer({ serde })
  checkpointers['PgCheckpointer'] = new PgCheckpointer({ connection: database.url, schema: testSchema, serde })
  encrypting['InMemoryCheckpointer'] = new InMemoryCheckpointer({ serde: cipher })
  encrypting['PgCheckpointer'] = new PgCheckpointer({ connection: database.url, schema: testSchema, serde: cipher })
})
afterAll(async () => {
  for (const { PgCheckpointer: onPostgres } of [checkpointers, encrypting]) await (onPostgres as PgCheckpointer).end()
  await database.drop()
})

describe.each(['InMemoryCheckpointer', 'PgCheckpointer'])('%s', (name) => {
  const newThread = () => new TestThread(checkpointers[name]!)

  describe('one that encrypts, and answers at once', () => {
    test('keeps values and writes', async () => {
      const thread = new TestThread(encrypting[name]!)
      const id = await thread.put({ x: { text: textOf(1, 3000) }, y: null })
      await thread.write(id, [['x', [2]]])
      const { checkpoint, pendingWrites } = await thread.mustRead()
      expect(checkpoint.channel_values).toStrictEqual({ x: { text: textOf(1, 3000) }, y: null })
      expect(pendingWrites).toStrictEqual([['task', 'x', [2]]])
    })

    test('a copy of a root keeps all its values', async () => {
      const app = new StateGraph(Annotation.Root({ text: Annotation<string> }))
        .addNode('node', () => ({}))
        .addEdge(START, 'node')
        .compile({ checkpointer: encrypting[name]! })
      const config = { configurable: { thread_id: randomUUID() } }
      const root = await app.updateState(config, { text: 'kept' }, 'node')
      await app.updateState(root, null, '__copy__')
      const { values, metadata, parentConfig } = await app.getState(config)
      expect([values, metadata?.source, parentConfig]).toStrictEqual([{ text: 'kept' }, 'fork', undefined])
    })

    test('where it throws, the call rejects, and no promise is left behind', async () => {
      const unhandled: unknown[] = []
      const note = (reason: unknown) => unhandled.push(reason)
      process.on('unhandledRejection', note)
      const thread = new TestThread(encrypting[name]!)
      await expect(thread.put({ x: 'not this one', y: 'not this one' })).rejects.toThrow('not this one')
      await expect(thread.write('id', [['x', 'not this one']])).rejects.toThrow('not this one')
      await sleep(0)
      process.off('unhandledRejection', note)
      expect(unhandled).toStrictEqual([])
      expect(await thread.read()).toBeUndefined()
    })
  })

  test('a serializer can return promises of any kind', async () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = (value: unknown) => ({ then: (resolve: (value: unknown) => void) => resolve(value) })
    const strange = {
      dumpsTyped: (value: unknown) => serde.dumpsTyped(value),
      loadsTyped: (type: string, data: Uint8Array) => thenable(serde.loadsTyped(type, data)),
    } as unknown as SerializerProtocol
    const thread = new TestThread(new InMemoryCheckpointer({ serde: strange }))
    const id = await thread.put({ m: [1] })
    await thread.write(id, [['m', [2]]])
    const { checkpoint, pendingWrites } = await thread.mustRead()
    expect([checkpoint.channel_values, pendingWrites]).toStrictEqual([{ m: [1] }, [['task', 'm', [2]]]])
  })

  test('values and writes of any length come back through a serializer of the caller', async () => {
    const thread = newThread()
    const values = { short: 1, long: { text: textOf(1, 300_000) }, list: [textOf(2, 2000)] }
    const id = await thread.put(values, { metadata: { note: 'plain' } })
    await thread.write(id, [
      ['x', values],
      ['y', null],
    ])
    const tuple = await thread.mustRead()
    expect(tuple.checkpoint.channel_values).toStrictEqual(values)
    expect(tuple.pendingWrites).toStrictEqual([
      ['task', 'x', values],
      ['task', 'y', null],
    ])
    expect(await thread.ids({ filter: { note: 'plain' } })).toStrictEqual([id])
  })

  test('the serializer is called before put and putWrites return their promises', async () => {
    const thread = newThread()
    serde.calls.length = 0
    const put = thread.put({ a: 'put' })
    const write = thread.write('later', [['x', 'written']])
    expect(serde.calls).toStrictEqual(['"put"', '"written"'])
    await Promise.all([put, write])
  })

  test('a slow serializer does not change the order of puts', async () => {
    const thread = newThread()
    const slow = thread.put({ x: { slowMs: 60 } }, { id: 'slow', parent: null })
    const fast = thread.put({ x: {} }, { id: 'fast', parent: 'slow' })
    await Promise.all([slow, fast])
    expect(await thread.ids()).toStrictEqual(['fast', 'slow'])
  })

  test('a serializer that fails makes the call reject, with nothing stored and no unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    const thread = newThread()
    const good = thread.put({ x: { slowMs: 40 } }, { id: 'good', parent: null })
    const bad = thread.put({ x: { fails: true }, y: { fails: true, slowMs: 10 } }, { id: 'bad', parent: 'good' })
    const writes = thread.write('good', [
      ['x', { fails: true }],
      ['y', { fails: true }],
    ])
    const notATask = checkpointers[name]!.putWrites(thread.config('good'), [['x', { fails: true }]], '')
    const results = await Promise.allSettled([good, bad, writes, notATask])
    await sleep(20)
    process.off('unhandledRejection', note)
    expect(results.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(unhandled).toStrictEqual([])
    expect(await thread.ids()).toStrictEqual(['good'])
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
  })
})
