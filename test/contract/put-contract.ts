import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { checkpointOf, configOf, METADATA, newId, TestThread, textOf } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function putContract(subject: Subject): void {
  test('a read returns what was put, even if no version says that it is new', async () => {
    const thread = new TestThread(subject())
    await thread.put({ x: 'first', y: 1 }, { versions: { x: 1, y: 1 } })
    const id = await thread.put({ x: 'second', y: 2, z: 3 }, { versions: { x: 1, y: 1 }, newVersions: {} })
    expect(await thread.values(id)).toStrictEqual({ x: 'second', y: 2, z: 3 })
  })

  test('two forks with the same versions each read their own values', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 0 }, { versions: { x: 1 } })
    const big = { A: { text: textOf(1, 5000) }, B: { text: textOf(2, 5000) } }
    const a = await thread.put({ x: 'A', big: big.A }, { parent: root, versions: { x: 2, big: 2 } })
    const b = await thread.put({ x: 'B', big: big.B }, { parent: root, versions: { x: 2, big: 2 } })
    expect(await thread.values(a)).toStrictEqual({ x: 'A', big: big.A })
    expect(await thread.values(b)).toStrictEqual({ x: 'B', big: big.B })
    expect(await thread.values(root)).toStrictEqual({ x: 0 })
  })

  test('a channel that was left out stays out, even if the parent has it', async () => {
    const thread = new TestThread(subject())
    await thread.put({ kept: 1, dropped: 2 }, { versions: { kept: 1, dropped: 1 } })
    const id = await thread.put({ kept: 1 }, { versions: { kept: 1, dropped: 2 }, newVersions: { dropped: 2 } })
    expect(await thread.values(id)).toStrictEqual({ kept: 1 })
  })

  test('a channel whose value is undefined is present', async () => {
    const thread = new TestThread(subject())
    await thread.put({ untracked: undefined, nothing: null })
    const values = await thread.values()
    expect(Object.keys(values)).toStrictEqual(['untracked', 'nothing'])
    expect(values).toStrictEqual({ untracked: undefined, nothing: null })
  })

  test('channels keep their order', async () => {
    const thread = new TestThread(subject())
    await thread.put({ z: 1, a: 2, m: 3, B: 4 })
    expect(Object.keys(await thread.values())).toStrictEqual(['z', 'a', 'm', 'B'])
  })

  test('integer, float and string versions come back as they were, and so do unknown fields', async () => {
    const thread = new TestThread(subject())
    const versions = { a: 1, b: 1.5, c: '00000000000000000000000000000003.0.5', d: 1e21 }
    const fields = {
      versions_seen: { node: { a: 1 }, __input__: {} },
      pending_sends: [],
      future: { of: ['LangGraph'] },
    }
    const id = await thread.put({ a: 1, b: 2, c: 3, d: 4 }, { versions, fields })
    const { checkpoint } = await thread.mustRead()
    expect(checkpoint).toStrictEqual(checkpointOf(id, { a: 1, b: 2, c: 3, d: 4 }, { versions, fields }))
  })

  test('all metadata come back with their types', async () => {
    const thread = new TestThread(subject())
    const metadata = {
      step: -1,
      parents: { '': 'id' },
      deep: { list: [1, { two: null }] },
      n: Number.NaN,
      big: 12n ** 30n,
    }
    await thread.put({}, { metadata })
    expect((await thread.mustRead()).metadata).toStrictEqual({ ...METADATA, ...metadata })
  })

  test('put returns the address and keeps nothing else of the config', async () => {
    const checkpointer = subject()
    const [threadId, id] = [newId(), newId()]
    const config = {
      configurable: { ...configOf(threadId).configurable, canary: 'tweet' },
      tags: ['canary'],
      signal: 'x',
    }
    const answer = await checkpointer.put(config as never, checkpointOf(id, {}), METADATA, {})
    expect(answer).toStrictEqual(configOf(threadId, '', id))
    expect(JSON.stringify(await checkpointer.getTuple(configOf(threadId)))).not.toMatch(/canary|tweet/)
  })

  test('a missing namespace means the root', async () => {
    const checkpointer = subject()
    const [threadId, id] = [newId(), newId()]
    const answer = await checkpointer.put({ configurable: { thread_id: threadId } }, checkpointOf(id, {}), METADATA, {})
    expect(answer).toStrictEqual(configOf(threadId, '', id))
    expect((await checkpointer.getTuple(configOf(threadId)))?.checkpoint.id).toBe(id)
  })

  test('namespaces of one thread are separate', async () => {
    const root = new TestThread(subject())
    const child = new TestThread(subject(), 'node:1f0a', root.threadId)
    const id = await root.put({ x: 'root' })
    await child.put({ x: 'child' }, { id, parent: null })
    expect(await root.values()).toStrictEqual({ x: 'root' })
    expect(await child.values(id)).toStrictEqual({ x: 'child' })
  })

  test('values are stored as they were at the moment of the call', async () => {
    const thread = new TestThread(subject())
    const message = new HumanMessage({ content: 'before', id: 'm1' })
    const values = { list: [{ text: 'before' }], message, bytes: Uint8Array.of(1, 2, 3) }
    const put = thread.put(values)
    values.list[0]!.text = 'after'
    values.list.push({ text: 'after' })
    message.content = 'after'
    values.bytes[0] = 9
    await put
    const read = (await thread.values()) as typeof values
    expect(read.list).toStrictEqual([{ text: 'before' }])
    expect(read.message.content).toBe('before')
    expect([...read.bytes]).toStrictEqual([1, 2, 3])
  })

  test('a value that was changed in place, at any depth, is stored by the next put', async () => {
    const thread = new TestThread(subject())
    const state = {
      small: [{ a: { b: [1] } }],
      large: [{ text: textOf(3, 3000), tags: ['x'], meta: { seen: 0 } }],
      files: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, { text: textOf(i, 500), n: [i] }])),
      messages: [new AIMessage({ content: textOf(4, 2000), id: 'ai', additional_kwargs: { deep: { n: 1 } } })],
    }
    await thread.put(state)
    const first = plain(state)
    state.small[0]!.a.b.push(2)
    state.large[0]!.meta.seen = 1
    state.files['f17']!.n[0] = -1
    ;(state.messages[0]!.additional_kwargs['deep'] as { n: number }).n = 2
    await thread.put(state)
    expect(plain(await thread.values())).toStrictEqual(plain(state))
    const [, before] = await thread.list()
    expect(plain(before!.checkpoint.channel_values)).toStrictEqual(first)
  })

  test('objects that are in a list and in another object come back in both', async () => {
    const thread = new TestThread(subject())
    const [a, b] = [{ text: textOf(5, 60) }, { text: textOf(6, 60) }]
    const values = { list: [a, b], byName: { a, b }, again: [[a, b], { a, b }, a] }
    await thread.put(values)
    expect(await thread.values()).toStrictEqual(values)
    await thread.put(await thread.values())
    expect(await thread.values()).toStrictEqual(values)
  })

  test('an id that is put again gets the new content and keeps its first parent and its place', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 0 })
    const middle = await thread.put({ x: 1, gone: textOf(7, 2000) })
    const head = await thread.put({ x: 2 })
    await thread.put({ x: 'again', new: textOf(8, 2000) }, { id: middle, parent: head, metadata: { step: 7 } })
    const tuple = await thread.mustRead(middle)
    expect(tuple.checkpoint.channel_values).toStrictEqual({ x: 'again', new: textOf(8, 2000) })
    expect(tuple.metadata?.step).toBe(7)
    expect(tuple.parentConfig).toStrictEqual(thread.config(root))
    expect(await thread.ids()).toStrictEqual([head, middle, root])
    expect((await thread.mustRead()).checkpoint.id).toBe(head)
  })

  test('a checkpoint that is put again with its own id as the parent keeps its first parent', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 0 })
    const id = await thread.put({ x: 1 })
    await thread.put({ x: 2 }, { id, parent: id, versions: { x: 2 }, newVersions: {} })
    expect((await thread.mustRead()).parentConfig).toStrictEqual(thread.config(root))
    expect(await thread.values()).toStrictEqual({ x: 2 })
  })

  test('no checkpoint is ever its own parent', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 0 })
    await thread.put({ x: 1 }, { id: root, parent: root })
    expect((await thread.mustRead()).parentConfig).toBeUndefined()
    const id = newId()
    await thread.put({ x: 2 }, { id, parent: id })
    expect((await thread.mustRead(id)).parentConfig).toBeUndefined()
  })

  test('the same put twice stores one checkpoint', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.put({ x: 1 }, { id, parent: null })
    const next = await thread.put({ x: 2 })
    expect(await thread.ids()).toStrictEqual([next, id])
  })

  test('a parent that was never stored is returned as the parent', async () => {
    const thread = new TestThread(subject())
    const ghost = newId()
    expect(await thread.read(ghost)).toBeUndefined()
    await thread.put({ x: 1 }, { parent: ghost })
    expect((await thread.mustRead()).parentConfig).toStrictEqual(thread.config(ghost))
    expect(await thread.read(ghost)).toBeUndefined()
  })

  test('puts that are not awaited commit in the order of their calls', async () => {
    const thread = new TestThread(subject())
    const [stub, child, last] = [newId(), newId(), newId()]
    await Promise.all([
      thread.put({ big: textOf(9, 300_000) }, { id: stub, parent: null }),
      thread.put({ x: 1 }, { id: child, parent: stub }),
      thread.put({ x: 2 }, { id: last, parent: child }),
    ])
    expect(await thread.ids()).toStrictEqual([last, child, stub])
  })

  test("a checkpoint that was put last is the head, even if its host's clock is behind", async () => {
    const thread = new TestThread(subject())
    const late = newId()
    const early = newId()
    await thread.put({ turn: 1 }, { id: early, parent: null })
    await thread.put({ turn: 2 }, { id: late, parent: early })
    expect((await thread.mustRead()).checkpoint.id).toBe(late)
    const next = newId()
    await thread.put({ turn: 3 }, { id: next, parent: late })
    expect(await thread.ids()).toStrictEqual([next, late, early])
    expect(await thread.ids({ before: thread.config(next) })).toStrictEqual([late, early])
  })
}

/** Messages have methods; their data is what counts here. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}
