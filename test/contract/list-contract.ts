import { randomUUID } from 'node:crypto'
import { collect, configOf, idOf, newId, TestThread } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

export function listContract(subject: Subject): void {
  /** Five checkpoints; step 0 to 4. */
  async function fiveSteps(): Promise<{ thread: TestThread; ids: string[] }> {
    const thread = new TestThread(subject())
    const ids: string[] = []
    for (let step = 0; step < 5; step++) ids.unshift(await thread.put({ step }, { metadata: { step } }))
    return { thread, ids }
  }

  test('the checkpoint that was committed last comes first', async () => {
    const { thread, ids } = await fiveSteps()
    expect(await thread.ids()).toStrictEqual(ids)
  })

  test('each of more checkpoints than fit a page comes once and in order', async () => {
    const thread = new TestThread(subject())
    const ids: string[] = []
    for (let step = 0; step < 130; step++) ids.unshift(await thread.put({ step }))
    expect(await thread.ids()).toStrictEqual(ids)
    expect(await thread.ids({ limit: 71 })).toStrictEqual(ids.slice(0, 71))
    expect(await thread.ids({ limit: 20 })).toStrictEqual(ids.slice(0, 20))
  })

  test('each result equals what getTuple returns', async () => {
    const thread = new TestThread(subject())
    for (let step = 0; step < 3; step++) {
      const id = await thread.put({ step, text: 'x'.repeat(3000) }, { versions: { step } })
      await thread.write(
        id,
        [
          ['step', step],
          ['__interrupt__', [{ value: step }]],
        ],
        'b',
      )
      await thread.write(id, [['step', step + 1]], 'a')
    }
    const listed = await thread.list()
    expect(listed).toHaveLength(3)
    for (const tuple of listed) expect(tuple).toStrictEqual(await thread.mustRead(tuple.checkpoint.id))
  })

  test('a limit of 0 gives nothing, a limit of 1 the head, and a large limit everything', async () => {
    const { thread, ids } = await fiveSteps()
    expect(await thread.ids({ limit: 0 })).toStrictEqual([])
    expect(await thread.ids({ limit: 1 })).toStrictEqual(ids.slice(0, 1))
    expect(await thread.ids({ limit: 3 })).toStrictEqual(ids.slice(0, 3))
    expect(await thread.ids({ limit: 99 })).toStrictEqual(ids)
    const all = configOf(thread.threadId)
    expect(
      await collect(subject().list({ configurable: { thread_id: all.configurable.thread_id } }, { limit: 0 })),
    ).toStrictEqual([])
  })

  test.each([-1, 1.5, Number.NaN, '1', null])('a limit of %j is refused', async (limit) => {
    const thread = new TestThread(subject())
    await expect(thread.ids({ limit: limit as number })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'limit',
    })
  })

  test('`before` selects checkpoints that were committed before the one it names', async () => {
    const { thread, ids } = await fiveSteps()
    expect(await thread.ids({ before: thread.config(ids[1]) })).toStrictEqual(ids.slice(2))
    expect(await thread.ids({ before: thread.config(ids[1]), limit: 2 })).toStrictEqual(ids.slice(2, 4))
    expect(await thread.ids({ before: thread.config(ids[4]) })).toStrictEqual([])
    expect(await thread.ids({ before: {} })).toStrictEqual(ids)
  })

  test('`before` can name a checkpoint of another namespace without a thread id', async () => {
    const root = new TestThread(subject())
    const child = new TestThread(subject(), 'node', root.threadId)
    const order = [
      await child.put({}),
      await root.put({}),
      await child.put({}),
      await root.put({}),
      await child.put({}),
    ]
    const before = (id: string) => ({ before: { configurable: { checkpoint_id: id } } })
    expect(await child.ids(before(order[3]!))).toStrictEqual([order[2], order[0]])
    expect(await child.ids({ ...before(order[1]!), limit: 1 })).toStrictEqual([order[0]])
    expect(await root.ids(before(order[4]!))).toStrictEqual([order[3], order[1]])
  })

  test('a `before` id that the thread does not hold is compared with the ids', async () => {
    const thread = new TestThread(subject())
    for (const id of ['b', 'a', 'd', 'c']) await thread.put({}, { id, parent: null })
    expect(await thread.ids({ before: configOf('elsewhere', '', 'bb') })).toStrictEqual(['a', 'b'])
    expect(await thread.ids({ before: configOf('elsewhere', '', 'z') })).toStrictEqual(['c', 'd', 'a', 'b'])
  })

  test('a checkpoint id in the config selects that checkpoint', async () => {
    const { thread, ids } = await fiveSteps()
    expect((await collect(subject().list(thread.config(ids[2])))).map(idOf)).toStrictEqual([ids[2]])
    expect(await collect(subject().list(thread.config(newId())))).toStrictEqual([])
  })

  test('without a namespace it reads all namespaces, and with an empty one the root only', async () => {
    const root = new TestThread(subject())
    const child = new TestThread(subject(), 'node', root.threadId)
    const order = [await root.put({}), await child.put({}), await root.put({}), await child.put({})].toReversed()
    const all = await collect(subject().list({ configurable: { thread_id: root.threadId } }))
    expect(all.map(idOf)).toStrictEqual(order)
    expect(await root.ids()).toStrictEqual([order[1], order[3]])
    expect(await child.ids()).toStrictEqual([order[0], order[2]])
  })

  test('without a thread id it reads all threads, greatest checkpoint id first', async () => {
    const mark = randomUUID()
    const threads = [new TestThread(subject()), new TestThread(subject()), new TestThread(subject(), 'node')]
    const ids: string[] = []
    for (let step = 0; step < 9; step++) ids.unshift(await threads[step % 3]!.put({ step }, { metadata: { mark } }))
    const list = async (options: object, configurable?: object) =>
      (await collect(subject().list(configurable ? { configurable } : {}, { filter: { mark }, ...options }))).map(idOf)
    expect(await list({})).toStrictEqual(ids)
    expect(await list({ limit: 4 })).toStrictEqual(ids.slice(0, 4))
    expect(await list({ before: configOf('x', '', ids[3]) })).toStrictEqual(ids.slice(4))
    expect(await list({}, { checkpoint_ns: 'node' })).toStrictEqual(ids.filter((_, i) => i % 3 === 0))
    expect(await list({}, { checkpoint_id: ids[5] })).toStrictEqual([ids[5]])
  })

  test('checkpoint ids of all threads are compared by their bytes', async () => {
    const mark = randomUUID()
    const ids = ['\u{1f600}', '\u{ffff}', 'ä', 'b', 'a', 'B', '1'].map((id) => `${mark}${id}`)
    for (const id of ids.toReversed()) await new TestThread(subject()).put({}, { id, metadata: { mark } })
    expect((await collect(subject().list({}, { filter: { mark } }))).map(idOf)).toStrictEqual(ids)
    const before = { configurable: { checkpoint_id: ids[1] } }
    expect((await collect(subject().list({}, { filter: { mark }, before }))).map(idOf)).toStrictEqual(ids.slice(2))
  })

  test.each(['', null, 0, false, [], {}])('a thread id of %j never means all threads', async (threadId) => {
    const list = collect(subject().list({ configurable: { thread_id: threadId } } as never))
    await expect(list).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'configurable.thread_id' })
  })

  test.each<[string, object, number[]]>([
    ['one key', { source: 'loop' }, [2, 1]],
    ['two keys', { source: 'loop', step: 1 }, [1]],
    ['no match', { source: 'loop', step: 9 }, []],
    ['null: there, and null', { nothing: null }, [1]],
    ['undefined: not a condition', { nothing: undefined }, [3, 2, 1]],
    ['no keys at all', {}, [3, 2, 1]],
    ['part of an object', { nested: { a: 1 } }, [2, 1]],
    ['all of an object', { nested: { a: 1, b: { c: 'x' } } }, [1]],
    ['an empty object: any object', { nested: {} }, [3, 2, 1]],
    ['part of an array', { tags: ['b'] }, [2, 1]],
    ['an array in another order', { tags: ['b', 'a'] }, [1]],
    ['an element that is no array', { tags: 'b' }, []],
    ['a number is not its text', { step: '1' }, []],
    ['a boolean', { flag: true }, [1]],
    ['a key that starts with a dollar', { $kind: 'x' }, [1]],
    ['two keys that start with a dollar', { $kind: 'x', $more: 1 }, [1]],
    ['an object whose only key starts with a dollar', { cost: { $: 5 } }, [3, 2, 1]],
    ['an object whose only key is an operator', { cost: { $gt: 5 } }, [2]],
    ['such objects in one another', { deep: { $a: { $b: 1 } } }, [3, 2, 1]],
    ['such an object that has another value', { cost: { $: 6 } }, []],
    ['such objects in a list', { list: [{ $a: 1 }, { $b: [{ $c: 2 }] }] }, [2, 1]],
    ['six such objects', { six: [{ $a: 1 }, { $b: 1 }, { $c: 1 }, { $d: 1 }, { $e: 1 }, { $f: 1 }] }, [3]],
    ['a Date', { when: new Date(0) }, [1]],
    ['__proto__', JSON.parse('{"__proto__":{"a":1}}') as object, [1]],
    ['a name from Object.prototype', { toString: undefined, constructor: 'x' }, []],
    ['NUL, lone surrogates, backslashes, private use', { '\0\ud800\\\uf8ff': '\0\ud800\\\uf8ff0000' }, [1]],
    ['what looks like an escape', { '\uf8ff0000': 1 }, [2]],
  ])('a filter by %s selects the checkpoints that match', async (_, filter, steps) => {
    const thread = new TestThread(subject())
    const rows: Record<string, unknown>[] = [
      {
        source: 'loop',
        nothing: null,
        nested: { a: 1, b: { c: 'x', d: 1 } },
        tags: ['a', 'b'],
        flag: true,
        $kind: 'x',
        $more: 1,
        when: new Date(0),
        '\0\ud800\\\uf8ff': '\0\ud800\\\uf8ff0000',
        ['__proto__']: { a: 1 },
        cost: { $: 5 },
        deep: { $a: { $b: 1 } },
        list: [{ $a: 1 }, { $b: [{ $c: 2, d: 1 }] }],
      },
      {
        source: 'loop',
        nested: { a: 1 },
        tags: ['b'],
        '\uf8ff0000': 1,
        '\0': 2,
        cost: { $: 5, $gt: 5 },
        deep: { $a: { $b: 1, $c: 2 } },
        list: [
          { $b: [{ $c: 2 }], more: 1 },
          { $a: 1, more: 1 },
        ],
      },
      {
        source: 'update',
        nested: { a: '1' },
        tags: [],
        step: 3,
        cost: { $: 5, currency: 'EUR' },
        deep: { $a: { $b: 1 }, more: 1 },
        six: [{ $a: 1, b: 1 }, { $b: 1 }, { $c: 1 }, { $d: 1 }, { $e: 1 }, { $f: 1 }],
      },
    ]
    for (const [i, row] of rows.entries()) await thread.put({ i }, { metadata: { ...row, step: i + 1 } })
    const read = await thread.list({ filter: filter as Record<string, unknown> })
    expect(read.map(({ metadata }) => metadata?.step)).toStrictEqual(steps)
  })

  test('`filter`, `before` and `limit` work together', async () => {
    const thread = new TestThread(subject())
    const ids: string[] = []
    for (let step = 0; step < 60; step++) ids.unshift(await thread.put({}, { metadata: { odd: step % 2 === 1 } }))
    const options = { filter: { odd: true }, before: thread.config(ids[10]), limit: 3 }
    expect(await thread.ids(options)).toStrictEqual([ids[12], ids[14], ids[16]])
  })

  test.each([null, 'x', 1, ['a']])('a filter of %j is refused', async (filter) => {
    const list = new TestThread(subject()).ids({ filter: filter as never })
    await expect(list).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'filter' })
  })

  test('a filter with more than six objects whose only key starts with a dollar is refused', async () => {
    const filter = { list: Array.from({ length: 7 }, (_, i) => ({ [`$${i}`]: i })) }
    const list = new TestThread(subject()).ids({ filter })
    await expect(list).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'filter' })
  })

  test('a caller can stop early and can make other calls between two results', async () => {
    const { thread, ids } = await fiveSteps()
    const seen: string[] = []
    for await (const tuple of subject().list(thread.config())) {
      seen.push(tuple.checkpoint.id)
      await thread.mustRead(ids[4])
      await thread.put({ later: true })
      if (seen.length === 2) break
    }
    expect(seen).toStrictEqual(ids.slice(0, 2))
    expect(await thread.ids()).toHaveLength(7)
  })
}
