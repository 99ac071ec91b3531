import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InMemoryCheckpointer, LosslessSerializer, PgCheckpointer } from '../../src/index.ts'
import { numberedLines, TestThread, textOf } from '../support/checkpoints.ts'
import { createDatabase, testSchema } from '../support/database.ts'

test('a checkpoint of 300 MB is written and read back', async () => {
  const { url } = await createDatabase()
  const program = fileURLToPath(new URL('../support/checkpoints-large.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, url, testSchema])
  const { isSame, maxRssMb } = JSON.parse(stdout) as { isSame: boolean; maxRssMb: number }
  expect(isSame).toBe(true)
  expect(maxRssMb).toBeLessThan(2500)
})

test('a text of 50 MB comes back from the state and from a write', async () => {
  const { url } = await createDatabase()
  await using checkpointer = new PgCheckpointer({ connection: url, schema: testSchema })
  const thread = new TestThread(checkpointer)
  const text = numberedLines(50_000_000)
  const id = await thread.put({ text })
  await thread.write(id, [['text', text]])
  const tuple = await thread.mustRead()
  expect(tuple.checkpoint.channel_values['text'] === text).toBe(true)
  expect(tuple.pendingWrites![0]![2] === text).toBe(true)
})

test('a value over the limit is refused by put with the name of its channel, and nothing is stored', async () => {
  const { url } = await createDatabase()
  await using onPg = new PgCheckpointer({
    connection: url,
    schema: testSchema,
    limits: { maxChars: 100_000, maxDepth: 50 },
  })
  const inMemory = new InMemoryCheckpointer({ limits: { maxChars: 100_000, maxDepth: 50 } })
  let deep: unknown = 1
  for (let i = 0; i < 60; i++) deep = { deep }
  for (const checkpointer of [onPg, inMemory]) {
    const thread = new TestThread(checkpointer)
    const kept = await thread.put({ x: 1 })
    const tooLong = { code: 'TOO_LARGE', option: 'maxChars', message: expect.stringContaining('text') as string }
    await expect(thread.put({ text: 'x'.repeat(100_001) }, { parent: kept })).rejects.toMatchObject(tooLong)
    const rows = Array.from({ length: 30 }, (_, i) => ({ i, text: 'y'.repeat(5000) }))
    await expect(thread.put({ text: rows }, { parent: kept })).rejects.toMatchObject(tooLong)
    await expect(thread.write(kept, [['text', rows]])).rejects.toMatchObject(tooLong)
    await expect(thread.put({ deep }, { parent: kept })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      option: 'maxDepth',
    })
    await thread.put({ text: 'x'.repeat(99_000), rows: rows.slice(0, 15) }, { parent: kept })
    expect(await thread.list()).toHaveLength(2)
    expect((await thread.mustRead(kept)).pendingWrites).toStrictEqual([])
  }
})

test('a list of large checkpoints keeps one of them in memory at a time', async () => {
  const { url } = await createDatabase()
  await using writer = new PgCheckpointer({ connection: url, schema: testSchema })
  const thread = new TestThread(writer)
  const chars = 6_000_000
  for (let i = 0; i < 5; i++) await thread.put({ text: textOf(i, chars) })
  await using reader = new PgCheckpointer({ connection: url, schema: testSchema, cacheBytes: 0 })
  const received: number[] = []
  let before = 0
  for await (const { checkpoint } of reader.list(thread.config())) {
    expect(String(checkpoint.channel_values['text'])).toHaveLength(chars)
    received.push(reader.stats().bytesReceived - before)
    before = reader.stats().bytesReceived
  }
  expect(received).toHaveLength(5)
  for (const bytes of received) expect(bytes).toBeLessThan(1.2 * chars)
})

test('the limits of a LosslessSerializer apply, unless the checkpointer has its own', async () => {
  const serde = new LosslessSerializer({ maxDepth: 5 })
  const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } }
  const put = (checkpointer: InMemoryCheckpointer) => new TestThread(checkpointer).put({ deep })
  await expect(put(new InMemoryCheckpointer({ serde }))).rejects.toMatchObject({ option: 'maxDepth' })
  await put(new InMemoryCheckpointer({ serde, limits: { maxDepth: 50 } }))
})

test('a serializer that extends LosslessSerializer is called', async () => {
  const written: unknown[] = []
  class Noting extends LosslessSerializer {
    override async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
      written.push(value)
      return super.dumpsTyped(value)
    }
  }
  const thread = new TestThread(new InMemoryCheckpointer({ serde: new Noting() }))
  await thread.put({ x: new Map([[1, 2]]) })
  expect(written).toStrictEqual([new Map([[1, 2]])])
  expect(await thread.values()).toStrictEqual({ x: new Map([[1, 2]]) })
})
