import { HumanMessage } from '@langchain/core/messages'
import type { PendingWrite } from '@langchain/langgraph-checkpoint'
import { configOf, newId, TestThread, textOf } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function writesContract(subject: Subject): void {
  test('writes are read with their checkpoint, in the order in which they were written', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const writes = Array.from({ length: 12 }, (_, i): [string, unknown] => [`c${i % 3}`, { n: i }])
    await thread.write(id, writes)
    expect((await thread.mustRead()).pendingWrites).toStrictEqual(
      writes.map(([channel, value]) => ['task', channel, value]),
    )
  })

  test('writes can be stored before their checkpoint', async () => {
    const thread = new TestThread(subject())
    const id = newId()
    await thread.write(id, [['x', 'early']])
    expect(await thread.read()).toBeUndefined()
    expect(await thread.read(id)).toBeUndefined()
    await thread.put({ x: 1 }, { id })
    expect((await thread.mustRead(id)).pendingWrites).toStrictEqual([['task', 'x', 'early']])
  })

  test('writes whose checkpoint is never stored have no effect on others', async () => {
    const thread = new TestThread(subject())
    await thread.write(newId(), [['x', 'orphan']])
    const id = await thread.put({ x: 1 })
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
    expect(await thread.ids()).toStrictEqual([id])
  })

  test('writes stay when their checkpoint is put again', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [['x', 'kept']])
    await thread.put({ x: 2 }, { id, parent: id })
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([['task', 'x', 'kept']])
  })

  test('an empty list of writes stores nothing', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [])
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([])
  })

  test('a missing namespace means the root', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const config = { configurable: { thread_id: thread.threadId, checkpoint_id: id } }
    await subject().putWrites(config, [['x', 1]], 'task')
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([['task', 'x', 1]])
  })

  test('writes of one namespace are not read in another', async () => {
    const root = new TestThread(subject())
    const child = new TestThread(subject(), 'child', root.threadId)
    const id = await root.put({ x: 1 })
    await child.put({ x: 1 }, { id, parent: null })
    await child.write(id, [['x', 'child']])
    expect((await root.mustRead()).pendingWrites).toStrictEqual([])
    expect((await child.mustRead()).pendingWrites).toStrictEqual([['task', 'x', 'child']])
  })

  test('the first ordinary write and the last special write count, whatever else is in the call', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [
      ['__resume__', ['one']],
      ['x', 'first'],
    ])
    await thread.write(id, [
      ['__resume__', ['one', 'two']],
      ['x', 'second'],
      ['y', 'new'],
    ])
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([
      ['task', '__resume__', ['one', 'two']],
      ['task', 'x', 'first'],
      ['task', 'y', 'new'],
    ])
  })

  test('the last of two writes to one special channel in a call counts', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [
      ['__resume__', ['one']],
      ['__resume__', ['one', 'two']],
      ['x', 1],
    ])
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([
      ['task', '__resume__', ['one', 'two']],
      ['task', 'x', 1],
    ])
  })

  test('error, interrupt and resume of a task are kept side by side, before its ordinary writes', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [['x', 1]])
    await thread.write(id, [['__error__', { message: 'no' }]])
    await thread.write(id, [['__interrupt__', [{ id: 'i', value: 'ask' }]]])
    await thread.write(id, [['__resume__', ['yes']]])
    const channels = (await thread.mustRead()).pendingWrites?.map(([, channel]) => channel)
    expect(channels).toStrictEqual(['__resume__', '__interrupt__', '__error__', 'x'])
  })

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
    'a channel called %s is an ordinary channel',
    async (channel) => {
      const thread = new TestThread(subject())
      const values = JSON.parse(`{"${channel}":{"n":1},"x":2}`) as Record<string, unknown>
      const id = await thread.put(values, { versions: JSON.parse(`{"${channel}":1,"x":1}`) })
      await thread.write(id, [
        ['x', 0],
        [channel, 'first'],
        [channel, 'second'],
      ])
      await thread.write(id, [
        ['x', 0],
        [channel, 'not taken'],
      ])
      const tuple = await thread.mustRead()
      expect(Object.entries(tuple.checkpoint.channel_values)).toStrictEqual(Object.entries(values))
      expect(Object.keys(tuple.checkpoint.channel_versions)).toStrictEqual([channel, 'x'])
      expect(tuple.pendingWrites).toStrictEqual([
        ['task', 'x', 0],
        ['task', channel, 'first'],
        ['task', channel, 'second'],
      ])
      expect(({} as Record<string, unknown>)['n']).toBeUndefined()
    },
  )

  test('task ids of every form are kept, and tasks are ordered by the bytes of their ids', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const tasks = [
      '000000-1-0000-0000-0000-000000000001',
      '00000000-0000-0000-0000-000000000000',
      '2A',
      '2a',
      '9'.repeat(32),
      'ä',
      '\u{ffff}',
      '\u{1f600}',
    ]
    for (const task of tasks.toReversed()) await thread.write(id, [['x', task]], task)
    expect((await thread.mustRead()).pendingWrites).toStrictEqual(tasks.map((task) => [task, 'x', task]))
  })

  test("the writes of parallel tasks come in the order of their tasks' paths, by code point", async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    // By code point, and not by UTF-16 code unit, U+1F600 comes after U+FFFD. A path may hold what Postgres's text can't.
    const paths = [
      '',
      '~__pregel_pull, a',
      '~__pregel_pull, b',
      '~__pregel_push, ~0000000001',
      '~~0000000001, ~__pregel_pull, a',
      '~~long '.padEnd(9000, 'x'),
      '~\ue000',
      '~\ufffd',
      '~\u{1f600}',
    ]
    for (const [i, path] of [...paths.entries()].toReversed()) await thread.write(id, [['x', i]], `task-${9 - i}`, path)
    const expected = paths.map((_, i) => [`task-${9 - i}`, 'x', i])
    expect((await thread.mustRead()).pendingWrites).toStrictEqual(expected)
    expect((await thread.list())[0]!.pendingWrites).toStrictEqual(expected)
  })

  test('a task path may hold NUL and lone surrogates', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [['x', 1]], 'nul', '~a\0b')
    await thread.write(id, [['x', 2]], 'half', '~a\ud800')
    await thread.write(id, [['x', 0]], 'first', '~a')
    expect(((await thread.mustRead()).pendingWrites ?? []).map(([task]) => task).toSorted()).toStrictEqual([
      'first',
      'half',
      'nul',
    ])
  })

  test('tasks with one path come by task id, and the writes of a task by their index', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const many = Array.from({ length: 12 }, (_, i): [string, unknown] => ['x', i])
    await thread.write(id, many, 'b', '~p')
    await thread.write(id, many, 'a', '~p')
    await thread.write(id, many, 'c')
    expect(((await thread.mustRead()).pendingWrites ?? []).map(([task, , n]) => `${task}${String(n)}`)).toStrictEqual(
      ['c', 'a', 'b'].flatMap((task) => many.map(([, i]) => `${task}${String(i)}`)),
    )
  })

  test('a special write that is replaced has the path of the last call', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await thread.write(id, [['__resume__', 'old']], 'a', '~1')
    await thread.write(id, [['__resume__', 'other']], 'b', '~2')
    await thread.write(id, [['__resume__', 'new']], 'a', '~3')
    expect((await thread.mustRead()).pendingWrites).toStrictEqual([
      ['b', '__resume__', 'other'],
      ['a', '__resume__', 'new'],
    ])
  })

  test('a task path that is no string is refused', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    await expect(thread.write(id, [['x', 1]], 'task', 7 as never)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'taskPath',
    })
  })

  test('values are stored as they were at the moment of the call', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const message = new HumanMessage({ content: 'before', id: 'm' })
    const write = thread.write(id, [['messages', [message]]])
    message.content = 'after'
    await write
    const [[, , value]] = (await thread.mustRead()).pendingWrites as [[string, string, HumanMessage[]]]
    expect(value[0]!.content).toBe('before')
  })

  test('undefined, null, bytes and long values come back as they were', async () => {
    const thread = new TestThread(subject())
    const id = await thread.put({ x: 1 })
    const values = [undefined, null, Uint8Array.of(0, 1, 255), textOf(1, 150_000), { deep: [undefined] }, Number.NaN]
    await thread.write(
      id,
      values.map((value): [string, unknown] => ['x', value]),
    )
    expect((await thread.mustRead()).pendingWrites?.map(([, , value]) => value)).toStrictEqual(values)
  })

  test('a value that is also in the state reads the same in both places', async () => {
    const thread = new TestThread(subject())
    const message = { role: 'user', text: textOf(2, 5000) }
    const id = newId()
    await Promise.all([thread.write(id, [['messages', [message]]]), thread.put({ messages: [message] }, { id })])
    const tuple = await thread.mustRead()
    expect(tuple.checkpoint.channel_values).toStrictEqual({ messages: [message] })
    expect(tuple.pendingWrites).toStrictEqual([['task', 'messages', [message]]])
  })

  test('a hundred tasks can write at once', async () => {
    const thread = new TestThread(subject())
    const id = newId()
    const tasks = Array.from({ length: 100 }, (_, i) => `task-${String(i).padStart(3, '0')}`)
    const writes = tasks.map((task, i) =>
      thread.write(
        id,
        [
          ['x', i],
          ['text', textOf(i % 7, 2000)],
        ],
        task,
      ),
    )
    await Promise.all([...writes, thread.put({ x: 1 }, { id })])
    const read = (await thread.mustRead(id)).pendingWrites ?? []
    expect(read.filter(([, channel]) => channel === 'x')).toStrictEqual(tasks.map((task, i) => [task, 'x', i]))
    expect(read).toHaveLength(200)
  })

  test.each([
    ['no configurable', {}],
    ['no thread_id', { configurable: { checkpoint_ns: '', checkpoint_id: '1' } }],
    ['no checkpoint_id', configOf('t')],
    ['an empty checkpoint_id', configOf('t', '', '')],
  ])('putWrites rejects a config with %s and does not throw', async (_, config) => {
    const answer = subject().putWrites(config, [['x', 1]] as PendingWrite[], 'task')
    await expect(answer).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
}
