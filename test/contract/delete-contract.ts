import { randomUUID } from 'node:crypto'
import { collect, configOf, newId, TestThread, textOf } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function deleteContract(subject: Subject): void {
  test('all namespaces, writes and orphans go; other threads stay', async () => {
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

  test('an unknown thread is no error, and does not come into being', async () => {
    const threadId = randomUUID()
    await subject().deleteThread(threadId)
    expect(await subject().getTuple(configOf(threadId))).toBeUndefined()
    const thread = new TestThread(subject(), '', threadId)
    const id = await thread.put({ x: 1 })
    await thread.put({ x: 2 }, { parent: id })
    expect(await thread.ids()).toHaveLength(2)
  })

  test('a late put does not bring the thread back', async () => {
    const thread = new TestThread(subject())
    await thread.put({ x: 1 })
    await thread.mustRead()
    await subject().deleteThread(thread.threadId)
    await thread.put({ x: 2 })
    await thread.put({ x: 3 })
    expect(await thread.read()).toBeUndefined()
    expect(await thread.ids()).toStrictEqual([])
  })

  test('nor do late writes', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await subject().deleteThread(thread.threadId)
    await thread.write(id, [['x', 'late']])
    const late = await thread.put({ x: 2 })
    await thread.write(late, [['x', 'later']])
    expect(await thread.read()).toBeUndefined()
    await thread.read()
    await thread.put({ x: 'new' }, { id, parent: null })
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
  })

  test('nor does the first checkpoint of a subgraph of the run that was deleted', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 1 })
    const child = new TestThread(subject(), 'node:1f0a', thread.threadId)
    await subject().deleteThread(thread.threadId)
    await child.put({ x: 2 }, { parent: null, metadata: { parents: { '': root } } })
    await child.put({ x: 3 }, { metadata: { parents: { '': root } } })
    expect(await child.read()).toBeUndefined()
    expect(await child.ids()).toStrictEqual([])
  })

  test('a new run starts afresh, and may have subgraphs and writes', async () => {
    const thread = new TestThread(subject())
    await thread.put({ x: 1, keep: textOf(1, 5000) })
    await subject().deleteThread(thread.threadId)
    expect(await thread.read()).toBeUndefined()
    const root = newId()
    await thread.write(root, [['x', 'early']])
    await thread.put({ x: 'a', keep: textOf(1, 5000) }, { id: root, parent: null })
    const child = new TestThread(subject(), 'node:1f0a', thread.threadId)
    const inner = await child.put({ y: 1 }, { parent: null, metadata: { parents: { '': root } } })
    await child.write(inner, [['y', 2]])
    const next = await thread.put({ x: 'b', keep: textOf(1, 5000) })
    expect(await thread.values()).toStrictEqual({ x: 'b', keep: textOf(1, 5000) })
    expect(await thread.ids()).toStrictEqual([next, root])
    expect((await thread.mustRead(root)).pendingWrites).toStrictEqual([['task', 'x', 'early']])
    expect((await child.mustRead()).pendingWrites).toStrictEqual([['task', 'y', 2]])
  })

  test('what the old run still sends does not reach the new one', async () => {
    const thread = new TestThread(subject())
    const old = await thread.put({ x: 'old' })
    await subject().deleteThread(thread.threadId)
    const fresh = new TestThread(subject(), '', thread.threadId)
    expect(await fresh.read()).toBeUndefined()
    const id = await fresh.put({ x: 'new' })
    await thread.put({ x: 'late' }, { parent: old })
    await thread.write(old, [['x', 'late']])
    expect(await fresh.ids()).toStrictEqual([id])
    const next = await fresh.put({ x: 'next' })
    expect(await fresh.ids()).toStrictEqual([next, id])
    await fresh.put({ x: 'the id of old again' }, { id: old, parent: null })
    expect((await fresh.mustRead(old)).pendingWrites).toStrictEqual([])
  })

  test('a thread may be deleted and begun again many times', async () => {
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

  test('puts that were called before it are gone with it, puts that continue from them are dropped', async () => {
    const thread = new TestThread(subject())
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
