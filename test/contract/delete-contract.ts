import { randomUUID } from 'node:crypto'
import { collect, configOf, newId, TestThread, textOf } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function deleteContract(subject: Subject): void {
  test('it removes all namespaces and all writes of the thread, also those without a checkpoint, and leaves other threads alone', async () => {
    const other = new TestThread(subject())
    const otherId = await other.put({ x: 'other' })
    await other.write(otherId, [['x', 1]])
    const thread = new TestThread(subject())
    const child = new TestThread(subject(), 'node:1', thread.threadId)
    const [id, orphan] = [await thread.put({ x: 1 }), newId()]
    await child.put({ x: 2 })
    await thread.write(id, [['x', 'pending']])
    await thread.write(orphan, [['x', 'orphan']])
    await subject().deleteThread(thread.threadId)
    expect(await thread.read()).toBeUndefined()
    expect(await child.read()).toBeUndefined()
    expect(await collect(subject().list({ configurable: { thread_id: thread.threadId } }))).toStrictEqual([])
    // A new life has new runs; they see nothing of what was pending.
    await thread.put({ x: 'new' }, { id: orphan, parent: null })
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
    expect((await other.mustRead(otherId)).pendingWrites).toStrictEqual([['task', 'x', 1]])
  })

  test('a thread that does not exist can be deleted, and made afterwards', async () => {
    const threadId = randomUUID()
    await subject().deleteThread(threadId)
    expect(await subject().getTuple(configOf(threadId))).toBeUndefined()
    const thread = new TestThread(subject(), '', threadId)
    const id = await thread.put({ x: 1 })
    await thread.put({ x: 2 }, { parent: id })
    expect(await thread.ids()).toHaveLength(2)
  })

  test('a put of a run that began before the deletion is dropped', async () => {
    const thread = TestThread.inRun(subject())
    expect(await thread.read()).toBeUndefined()
    await thread.put({ x: 1 })
    await thread.mustRead()
    await subject().deleteThread(thread.threadId)
    await thread.put({ x: 2 })
    await thread.put({ x: 3 }, { parent: null })
    expect(await thread.read()).toBeUndefined()
    expect(await thread.ids()).toStrictEqual([])
  })

  test('writes of a run that began before the deletion are dropped', async () => {
    const thread = TestThread.inRun(subject())
    const id = await thread.put({ x: 1 })
    await subject().deleteThread(thread.threadId)
    await thread.write(id, [['x', 'late']])
    await thread.write(newId(), [['x', 'later']])
    expect(await thread.read()).toBeUndefined()
    const fresh = new TestThread(subject(), '', thread.threadId)
    await fresh.put({ x: 'new' }, { id, parent: null })
    expect((await fresh.mustRead()).pendingWrites).toStrictEqual([])
  })

  test('a subgraph that a run enters after the deletion leaves nothing', async () => {
    const thread = TestThread.inRun(subject())
    await thread.read()
    const root = await thread.put({ x: 1 })
    await subject().deleteThread(thread.threadId)
    for (const ns of ['node:1f0a', 'stateful']) {
      const child = thread.subgraph(ns)
      expect(await child.read()).toBeUndefined()
      const inner = await child.put({ x: 2 }, { parent: null, metadata: { parents: { '': root } } })
      await child.write(inner, [['x', 'pending']])
      await child.put({ x: 3 }, { metadata: { parents: { '': root } } })
    }
    expect(await collect(subject().list({ configurable: { thread_id: thread.threadId } }))).toStrictEqual([])
    const next = TestThread.inRun(subject(), thread.threadId)
    expect(await next.subgraph('stateful').read()).toBeUndefined()
  })

  test('a run that found no thread and stores its first checkpoint after a deletion leaves nothing', async () => {
    const thread = TestThread.inRun(subject())
    expect(await thread.read()).toBeUndefined()
    await subject().deleteThread(thread.threadId)
    const id = newId()
    await thread.write(id, [['x', 'at the end']])
    await thread.put({ x: 'at the end' }, { id, parent: null })
    expect(await thread.read()).toBeUndefined()
    expect(await thread.ids()).toStrictEqual([])
  })

  test('a program that is no run may put a thread back after its deletion', async () => {
    const thread = new TestThread(subject())
    const ids = []
    for (let i = 0; i < 9; i++) ids.unshift(await thread.put({ x: i, text: textOf(i, 3000) }))
    const saved = await thread.list()
    await subject().deleteThread(thread.threadId)
    for (const { config, parentConfig, checkpoint, metadata } of saved.toReversed()) {
      await subject().put(parentConfig ?? thread.config(), checkpoint, metadata!, checkpoint.channel_versions)
      await subject().putWrites(config, [['x', 'kept']], 'task')
    }
    expect(await thread.ids()).toStrictEqual(ids)
    expect((await thread.list()).map((tuple) => tuple.checkpoint)).toStrictEqual(saved.map((tuple) => tuple.checkpoint))
    expect((await thread.mustRead(ids[4])).pendingWrites).toStrictEqual([['task', 'x', 'kept']])
  })

  test('a new run starts empty and can store subgraphs and writes', async () => {
    const old = TestThread.inRun(subject())
    await old.put({ x: 1, keep: textOf(1, 5000) })
    await subject().deleteThread(old.threadId)
    const thread = TestThread.inRun(subject(), old.threadId)
    expect(await thread.read()).toBeUndefined()
    const root = newId()
    await thread.write(root, [['x', 'early']])
    await thread.put({ x: 'a', keep: textOf(1, 5000) }, { id: root, parent: null })
    const child = thread.subgraph('node:1f0a')
    const inner = await child.put({ y: 1 }, { parent: null, metadata: { parents: { '': root } } })
    await child.write(inner, [['y', 2]])
    const next = await thread.put({ x: 'b', keep: textOf(1, 5000) })
    expect(await thread.values()).toStrictEqual({ x: 'b', keep: textOf(1, 5000) })
    expect(await thread.ids()).toStrictEqual([next, root])
    expect((await thread.mustRead(root)).pendingWrites).toStrictEqual([['task', 'x', 'early']])
    expect((await child.mustRead()).pendingWrites).toStrictEqual([['task', 'y', 2]])
  })

  test('what the old run sends does not reach the new one', async () => {
    const thread = TestThread.inRun(subject())
    const old = await thread.put({ x: 'old' })
    await subject().deleteThread(thread.threadId)
    const fresh = TestThread.inRun(subject(), thread.threadId)
    expect(await fresh.read()).toBeUndefined()
    const id = await fresh.put({ x: 'new' })
    await thread.put({ x: 'late' }, { parent: old })
    await thread.put({ x: 'late' }, { parent: id })
    await thread.write(old, [['x', 'late']])
    await thread.write(id, [['x', 'late']])
    expect(await fresh.ids()).toStrictEqual([id])
    expect((await fresh.mustRead()).pendingWrites).toStrictEqual([])
    const next = await fresh.put({ x: 'next' })
    expect(await fresh.ids()).toStrictEqual([next, id])
    await fresh.put({ x: 'the id of old again' }, { id: old, parent: null })
    expect((await fresh.mustRead(old)).pendingWrites).toStrictEqual([])
  })

  test('a thread can be deleted and started again many times', async () => {
    const thread = new TestThread(subject())
    for (let life = 0; life < 5; life++) {
      await thread.read()
      const root = await thread.put({ life, text: textOf(1, 2000) }, { parent: null })
      const head = await thread.put({ life: life + 0.5, text: textOf(1, 2000) })
      expect(await thread.ids()).toStrictEqual([head, root])
      expect(await thread.values()).toStrictEqual({ life: life + 0.5, text: textOf(1, 2000) })
      await subject().deleteThread(thread.threadId)
    }
  })

  test('puts that were called before it are removed by it, and later calls of their run are dropped', async () => {
    const thread = TestThread.inRun(subject())
    const root = await thread.put({ x: 1 })
    const [a, b] = [newId(), newId()]
    await Promise.all([
      thread.put({ x: 2 }, { id: a, parent: root }),
      subject().deleteThread(thread.threadId),
      thread.put({ x: 3 }, { id: b, parent: a }),
      thread.write(b, [['x', 1]]),
    ])
    expect(await thread.read()).toBeUndefined()
    expect(await thread.ids()).toStrictEqual([])
  })
}
