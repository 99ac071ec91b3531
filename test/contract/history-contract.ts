import { randomUUID } from 'node:crypto'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { configOf, newId, TestThread } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function historyContract(subject: Subject): void {
  const historyOf = (thread: TestThread, channels: string[], id?: string) =>
    subject().getDeltaChannelHistory({ config: thread.config(id), channels })

  /** n checkpoints in a chain, each with one write to each channel. */
  async function chain(
    thread: TestThread,
    n: number,
    channels: string[],
    values: Record<number, object> = {},
  ): Promise<string[]> {
    const ids: string[] = []
    for (let i = 0; i < n; i++) {
      const id = await thread.put({ ...values[i] })
      await thread.write(
        id,
        channels.map((channel): [string, unknown] => [channel, `${channel}${i}`]),
      )
      ids.push(id)
    }
    return ids
  }

  const writesOf = (channel: string, steps: number[]) => steps.map((step) => ['task', channel, `${channel}${step}`])

  test('it returns the writes of the ancestors, oldest first, without those of the checkpoint itself', async () => {
    const thread = new TestThread(subject())
    const ids = await chain(thread, 4, ['m'])
    expect(await historyOf(thread, ['m'], ids[3])).toStrictEqual({ m: { writes: writesOf('m', [0, 1, 2]) } })
    expect(await historyOf(thread, ['m'], ids[0])).toStrictEqual({ m: { writes: [] } })
  })

  test('it ends at the nearest ancestor with a value and includes the writes of that ancestor', async () => {
    const thread = new TestThread(subject())
    const seed = new DeltaSnapshot(['a', 'b'])
    const ids = await chain(thread, 5, ['m'], { 0: { m: 'far' }, 2: { m: seed } })
    const { m } = await historyOf(thread, ['m'], ids[4])
    expect(m!.writes).toStrictEqual(writesOf('m', [2, 3]))
    expect(m!.seed).toStrictEqual(seed)
  })

  test('a value that is undefined or null ends it as well', async () => {
    const thread = new TestThread(subject())
    const ids = await chain(thread, 3, ['u', 'n'], { 1: { u: undefined, n: null } })
    const history = await historyOf(thread, ['u', 'n'], ids[2])
    expect(history).toStrictEqual({
      u: { writes: writesOf('u', [1]), seed: undefined },
      n: { writes: writesOf('n', [1]), seed: null },
    })
  })

  test('it ends for each channel separately', async () => {
    const thread = new TestThread(subject())
    const ids = await chain(thread, 6, ['a', 'b', 'c'], { 1: { a: 'A' }, 3: { b: 'B' }, 5: { c: 'target' } })
    const history = await historyOf(thread, ['a', 'b', 'c', 'none'], ids[5])
    expect(history).toStrictEqual({
      a: { writes: writesOf('a', [1, 2, 3, 4]), seed: 'A' },
      b: { writes: writesOf('b', [3, 4]), seed: 'B' },
      c: { writes: writesOf('c', [0, 1, 2, 3, 4]) },
      none: { writes: [] },
    })
  })

  test('a channel is not confused with one whose name begins or ends with its name', async () => {
    const thread = new TestThread(subject())
    const ids = await chain(thread, 3, ['m', 'mm', 'xm', 'm"'], { 1: { mm: 1, xm: 2, 'm"': 3 } })
    expect((await historyOf(thread, ['m'], ids[2]))['m']).toStrictEqual({ writes: writesOf('m', [0, 1]) })
    expect((await historyOf(thread, ['m"'], ids[2]))['m"']).toStrictEqual({ writes: writesOf('m"', [1]), seed: 3 })
  })

  test('writes of one checkpoint are ordered by task id, compared by bytes, then by their place in the task', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({})
    const many = Array.from({ length: 12 }, (_, i): [string, unknown] => ['m', i])
    for (const task of ['b', 'a', 'Z']) await thread.write(root, many, task)
    const id = await thread.put({})
    const { m } = await historyOf(thread, ['m'], id)
    expect(m!.writes).toStrictEqual(['Z', 'a', 'b'].flatMap((task) => many.map(([, i]) => [task, 'm', i])))
  })

  test('within a checkpoint, writes come by the path of their task before anything else, by code point', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({})
    const paths = ['', '~__pregel_pull, a', '~__pregel_push, ~0000000000', '~~0, x', '~\ufffd', '~\u{1f600}']
    for (const [i, path] of [...paths.entries()].toReversed()) await thread.write(root, [['m', i]], `t${9 - i}`, path)
    const { m } = await historyOf(thread, ['m'], await thread.put({}))
    expect(m!.writes).toStrictEqual(paths.map((_, i) => [`t${9 - i}`, 'm', i]))
  })

  test('each fork has the history of its own branch', async () => {
    const thread = new TestThread(subject())
    const [root] = await chain(thread, 1, ['m'])
    const left = await thread.put({}, { parent: root! })
    await thread.write(left, [['m', 'left']])
    const leftHead = await thread.put({})
    const right = await thread.put({}, { parent: root! })
    await thread.write(right, [['m', 'right']])
    const rightHead = await thread.put({})
    expect((await historyOf(thread, ['m'], leftHead))['m']!.writes).toStrictEqual([
      ['task', 'm', 'm0'],
      ['task', 'm', 'left'],
    ])
    expect((await historyOf(thread, ['m'], rightHead))['m']!.writes).toStrictEqual([
      ['task', 'm', 'm0'],
      ['task', 'm', 'right'],
    ])
  })

  test('without a checkpoint id it is the history of the head, and for an unknown id it is empty', async () => {
    const thread = new TestThread(subject())
    await chain(thread, 3, ['m'])
    expect(await historyOf(thread, ['m'])).toStrictEqual({ m: { writes: writesOf('m', [0, 1]) } })
    expect(await historyOf(thread, ['m'], newId())).toStrictEqual({ m: { writes: [] } })
    const config = configOf(randomUUID())
    expect(await subject().getDeltaChannelHistory({ config, channels: ['m'] })).toStrictEqual({ m: { writes: [] } })
  })

  test('no channels give an empty object, and a channel that is named twice is returned once', async () => {
    const thread = new TestThread(subject())
    const ids = await chain(thread, 3, ['m'])
    expect(await historyOf(thread, [], ids[2])).toStrictEqual({})
    expect(await historyOf(thread, ['m', 'm'], ids[2])).toStrictEqual({ m: { writes: writesOf('m', [0, 1]) } })
  })

  test('it ends at a missing ancestor', async () => {
    const thread = new TestThread(subject())
    const orphan = await thread.put({}, { parent: newId() })
    await thread.write(orphan, [['m', 1]])
    const id = await thread.put({})
    expect(await historyOf(thread, ['m'], id)).toStrictEqual({ m: { writes: [['task', 'm', 1]] } })
  })

  test('parents can have greater ids than their children', async () => {
    const thread = new TestThread(subject())
    const [late, early] = [newId(), newId()].toReversed()
    await thread.put({}, { id: late!, parent: null })
    await thread.write(late!, [['m', 'late']])
    await thread.put({}, { id: early!, parent: late! })
    const { m } = await historyOf(thread, ['m'], early)
    expect(m!.writes).toStrictEqual([['task', 'm', 'late']])
  })

  test.each([2, 3, 4])('a circle of %d parents is walked once', async (length) => {
    const thread = new TestThread(subject())
    const ids = Array.from({ length }, newId)
    for (const [i, id] of ids.entries()) {
      await thread.put({}, { id, parent: ids[(i + 1) % length]! })
      await thread.write(id, [['m', i]])
    }
    const target = await thread.put({}, { parent: ids[0]! })
    const { m } = await historyOf(thread, ['m'], target)
    expect(m!.writes.map(([, , value]) => value)).toStrictEqual(ids.map((_, i) => i).toReversed())
  })

  test('a channel called __proto__ has a history like any other', async () => {
    const thread = new TestThread(subject())
    const value = JSON.parse('{"__proto__":["seed"],"constructor":1}') as Record<string, unknown>
    const ids = await chain(thread, 3, ['__proto__', 'constructor', 'toString'], { 1: value })
    const history = await historyOf(thread, ['__proto__', 'constructor', 'toString'], ids[2])
    expect(Object.entries(history)).toStrictEqual([
      ['__proto__', { writes: writesOf('__proto__', [1]), seed: ['seed'] }],
      ['constructor', { writes: writesOf('constructor', [1]), seed: 1 }],
      ['toString', { writes: writesOf('toString', [0, 1]) }],
    ])
  })
}
