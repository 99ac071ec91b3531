import { randomUUID } from 'node:crypto'
import { Send } from '@langchain/langgraph'
import { checkpointOf, configOf, METADATA, newId, TestThread, textOf, withBytesAsText } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function readContract(subject: Subject): void {
  test('getTuple returns undefined for an unknown thread, namespace or id, and without a thread id', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const configs = [
      configOf(randomUUID()),
      configOf(randomUUID(), '', id),
      configOf(thread.threadId, 'other'),
      configOf(thread.threadId, 'other', id),
      configOf(thread.threadId, '', newId()),
      { configurable: { checkpoint_ns: '' } },
      { configurable: {} },
      {},
    ]
    for (const config of configs) expect(await subject().getTuple(config)).toBeUndefined()
  })

  test.each([
    {},
    { checkpoint_id: undefined },
    { checkpoint_id: '' },
    { checkpoint_id: null },
    { checkpoint_ns: undefined },
  ])('the head is read with %j', async (more) => {
    const thread = new TestThread(subject())
    await thread.put({ x: 1 })
    const head = await thread.put({ x: 2 })
    const tuple = await subject().getTuple({ configurable: { thread_id: thread.threadId, checkpoint_ns: '', ...more } })
    expect(tuple?.checkpoint.id).toBe(head)
  })

  test('returned configs are new objects with exactly the three keys', async () => {
    const thread = new TestThread(subject(), 'a:b|c')
    const root = await thread.put({ x: 1 })
    const id = await thread.put({ x: 2 })
    const given = { configurable: { ...thread.config(id).configurable, __pregel_read: 'x' }, recursionLimit: 3 }
    const tuple = await subject().getTuple(given)
    expect(tuple?.config).toStrictEqual(thread.config(id))
    expect(tuple?.parentConfig).toStrictEqual(thread.config(root))
    const first = await thread.mustRead(root)
    expect(first.config).toStrictEqual(thread.config(root))
    expect(first.parentConfig).toBeUndefined()
  })

  test('pendingWrites is always an array', async () => {
    const thread = new TestThread(subject())
    await thread.put({ x: 1 })
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
  })

  test('each read returns new objects, which the caller can change', async () => {
    const thread = new TestThread(subject())
    const values = () => ({
      messages: Array.from({ length: 20 }, (_, i) => ({ n: i, text: textOf(i, i * 100), tags: ['x'] })),
      big: { text: textOf(1, 4000), deep: { list: [1, 2] } },
      map: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, { text: textOf(i, 900) }])),
      bytes: new Uint8Array(70_000).fill(1),
      inline: { a: [1] },
    })
    const id = await thread.put(values(), { versions: { messages: 1 }, metadata: { deep: { list: [1] } } })
    await thread.write(id, [['x', { deep: [textOf(2, 2000)] }]])
    const expected = await thread.mustRead()
    for (let i = 0; i < 3; i++) spoil(await thread.mustRead())
    for (const tuple of await thread.list()) spoil(tuple)
    expect(withBytesAsText(expected.checkpoint.channel_values)).toStrictEqual(withBytesAsText(values()))
    const again = await thread.mustRead()
    for (const { checkpoint } of [expected, again])
      checkpoint.channel_values = withBytesAsText(checkpoint.channel_values)
    expect(again).toStrictEqual(expected)
  })

  test('the caller can change what it has put without changing what is stored', async () => {
    const thread = new TestThread(subject())
    const values = { list: [{ text: textOf(3, 3000) }], map: { a: { n: 1 } } }
    await thread.put(values)
    const expected = await thread.mustRead()
    spoil(values)
    expect(await thread.mustRead()).toStrictEqual(expected)
  })

  test('get returns only the checkpoint', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    expect(await subject().get(thread.config())).toStrictEqual(checkpointOf(id, { x: 1 }))
    expect(await subject().get(configOf(randomUUID()))).toBeUndefined()
  })

  test('a checkpointer becomes its class name in JSON, without anything of the connection', () => {
    expect(JSON.stringify({ checkpointer: subject() })).toMatch(/^\{"checkpointer":"\[\w+\]"\}$/)
  })

  test('getNextVersion works without `this`', () => {
    const next = (version: number | undefined) => subject().getNextVersion.call(undefined as never, version)
    expect([undefined, 1, 41].map(next)).toStrictEqual([1, 2, 42])
  })

  test("sends of a checkpoint before format 4 come from its parent's writes", async () => {
    const thread = new TestThread(subject())
    const other = new TestThread(subject(), 'other', thread.threadId)
    const parent = await thread.put({ x: 1 }, { fields: { v: 1 } })
    await other.put({ x: 1 }, { id: parent, parent: null, fields: { v: 1 } })
    await thread.write(
      parent,
      [
        ['x', 0],
        ['__pregel_tasks', new Send('b', 3)],
      ],
      'b',
    )
    await thread.write(
      parent,
      [
        ['__pregel_tasks', new Send('a', 1)],
        ['__pregel_tasks', new Send('a', 2)],
      ],
      'a',
    )
    await other.write(parent, [['__pregel_tasks', new Send('other', 9)]], 'a')
    const child = await thread.put({ x: 2 }, { fields: { v: 1 }, versions: { x: 3, y: 2 } })
    for (const { checkpoint } of [await thread.mustRead(child), (await thread.list())[0]!]) {
      const sends = checkpoint.channel_values['__pregel_tasks'] as Send[]
      expect(sends.map(({ node, args }) => [node, args])).toStrictEqual([
        ['a', 1],
        ['a', 2],
        ['b', 3],
      ])
      expect(checkpoint.channel_versions).toStrictEqual({ x: 3, y: 2, __pregel_tasks: 3 })
    }
  })

  test('sends of a checkpoint without versions get the first version', async () => {
    const thread = new TestThread(subject())
    const parent = await thread.put({}, { fields: { v: 3 } })
    await thread.write(parent, [['__pregel_tasks', new Send('a', 1)]])
    await thread.put({}, { fields: { v: 3 } })
    expect((await thread.mustRead()).checkpoint.channel_versions).toStrictEqual({ __pregel_tasks: 1 })
  })

  test.each([3, 4])('versions that no LangGraph gives are read back as they were put (format %d)', async (v) => {
    const thread = new TestThread(subject())
    const odd = { a: {}, b: null, c: undefined, d: true, e: [1] } as unknown as Record<string, number>
    const parent = await thread.put({}, { fields: { v } })
    await thread.write(parent, [['__pregel_tasks', new Send('a', 1)]])
    await thread.put({ a: 1 }, { fields: { v }, versions: { ...odd, x: 7 }, newVersions: { a: 1 } })
    for (const { checkpoint } of [await thread.mustRead(), (await thread.list())[0]!])
      expect(checkpoint.channel_versions).toStrictEqual({ ...odd, x: 7, ...(v < 4 && { __pregel_tasks: 7 }) })
  })

  test.each([4, 5, 12])('a checkpoint of format %d keeps its own sends and gets no others', async (v) => {
    const thread = new TestThread(subject())
    const parent = await thread.put({ __pregel_tasks: [] }, { fields: { v } })
    await thread.write(parent, [['__pregel_tasks', new Send('a', 1)]])
    await thread.put({ __pregel_tasks: ['own'] }, { fields: { v } })
    expect(await thread.values()).toStrictEqual({ __pregel_tasks: ['own'] })
  })

  test('a checkpoint has no sends if its parent wrote none or is missing', async () => {
    const thread = new TestThread(subject())
    await thread.put({ x: 1 }, { fields: { v: 1 } })
    await thread.put({ x: 2 }, { fields: { v: 1 } })
    expect(await thread.values()).toStrictEqual({ x: 2 })
    await thread.put({ x: 3 }, { fields: { v: 1 }, parent: newId() })
    expect(await thread.values()).toStrictEqual({ x: 3 })
  })

  test.each([
    ['no configurable', {}],
    ['no thread_id', { configurable: { checkpoint_ns: '' } }],
  ])('put rejects a config with %s and does not throw', async (_, config) => {
    const answer = subject().put(config, checkpointOf(newId(), {}), METADATA, {})
    await expect(answer).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'configurable.thread_id' })
  })
}

/** Changes all that can be changed in a value. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0)
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) spoil(inner)
    if (Array.isArray(value)) value.splice(0, 1, 'spoilt', 'spoilt')
    else Object.assign(value, { spoilt: true })
  }
}
