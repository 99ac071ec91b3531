import { InMemoryCheckpointer } from '../../src/index.ts'
import { collect, TestThread, textOf } from '../support/checkpoints.ts'

const jsonOf = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

async function thread(checkpointer: InMemoryCheckpointer, name: string, chars = 10): Promise<TestThread> {
  const made = new TestThread(checkpointer, '', name)
  await made.put({ text: textOf(name.length + name.charCodeAt(0), chars) })
  return made
}

async function names(checkpointer: InMemoryCheckpointer): Promise<string[]> {
  const all = await collect(checkpointer.list({}))
  return [...new Set(all.map(({ config }) => config.configurable?.['thread_id'] as string))].toSorted()
}

describe('bounds', () => {
  test('the least recently used of too many threads is dropped and counted', async () => {
    const checkpointer = new InMemoryCheckpointer({ maxThreads: 3 })
    const a = await thread(checkpointer, 'a')
    await thread(checkpointer, 'b')
    await thread(checkpointer, 'c')
    await a.read()
    await thread(checkpointer, 'd')
    expect(await names(checkpointer)).toStrictEqual(['a', 'c', 'd'])
    expect(checkpointer.stats()).toMatchObject({ threads: 3, evictedThreads: 1 })
  })

  test('a deleted thread does not count as a thread', async () => {
    const checkpointer = new InMemoryCheckpointer({ maxThreads: 2 })
    await thread(checkpointer, 'a')
    await thread(checkpointer, 'b')
    await checkpointer.deleteThread('b')
    await thread(checkpointer, 'c')
    expect(await names(checkpointer)).toStrictEqual(['a', 'c'])
    expect(checkpointer.stats()).toMatchObject({ threads: 2, evictedThreads: 0 })
  })

  test('the number of deleted threads that are remembered is bounded', async () => {
    const checkpointer = new InMemoryCheckpointer({ maxThreads: 10 })
    for (let i = 0; i < 500; i++) {
      await thread(checkpointer, `t${i}`)
      await checkpointer.deleteThread(`t${i}`)
    }
    expect(checkpointer.snapshot().threads.length).toBeLessThan(100)
    expect(checkpointer.stats()).toMatchObject({ threads: 0, evictedThreads: 0 })
  })

  test('a late put stays dropped after 10,001 other deletions', async () => {
    const checkpointer = new InMemoryCheckpointer()
    const run = TestThread.inRun(checkpointer)
    await run.read()
    await run.put({ x: 1 })
    await checkpointer.deleteThread(run.threadId)
    for (let i = 0; i <= 10_000; i++) await checkpointer.deleteThread(`other ${i}`)
    await run.put({ x: 'late' })
    await run.write(run.last!, [['x', 'late']])
    expect(checkpointer.snapshot().threads).toStrictEqual([])
    expect(checkpointer.stats().lateWritesDropped).toBe(2)
  })

  test('as many of the least recently used threads are dropped as there are bytes too many', async () => {
    const checkpointer = new InMemoryCheckpointer({ maxBytes: 200_000 })
    for (const name of ['a', 'b', 'c', 'd']) await thread(checkpointer, name, 20_000)
    expect(await names(checkpointer)).toStrictEqual(['a', 'b', 'c', 'd'])
    await thread(checkpointer, 'e', 70_000)
    expect(await names(checkpointer)).toStrictEqual(['d', 'e'])
    expect(checkpointer.stats().evictedThreads).toBe(3)
    expect(checkpointer.stats().bytes).toBeGreaterThan(170_000)
    expect(checkpointer.stats().bytes).toBeLessThanOrEqual(200_000)
  })

  test('the thread in use stays, whatever its size', async () => {
    const checkpointer = new InMemoryCheckpointer({ maxBytes: 1000 })
    await thread(checkpointer, 'a')
    const b = await thread(checkpointer, 'b', 50_000)
    expect((await b.values())['text']).toHaveLength(50_000)
    expect(await names(checkpointer)).toStrictEqual(['b'])
  })

  test('pending writes count, and deleted threads do not', async () => {
    const checkpointer = new InMemoryCheckpointer()
    const a = await thread(checkpointer, 'a')
    const before = checkpointer.stats().bytes
    await a.write(a.last!, [['x', textOf(9, 5000)]])
    expect(checkpointer.stats().bytes).toBeGreaterThanOrEqual(before + 5000)
    await checkpointer.deleteThread('a')
    expect(checkpointer.stats()).toMatchObject({ threads: 0, bytes: 0, evictedThreads: 0 })
  })

  test('bytes are counted correctly after a restore and after a checkpoint was replaced', async () => {
    const checkpointer = new InMemoryCheckpointer()
    const a = await thread(checkpointer, 'a', 3000)
    await a.put({ text: textOf(8, 900) }, { id: a.last!, parent: a.last })
    const other = new InMemoryCheckpointer()
    other.restore(jsonOf(checkpointer.snapshot()))
    const { threads, bytes } = checkpointer.stats()
    expect(other.stats()).toMatchObject({ threads, bytes })
  })

  test.each([0, -1, Number.NaN, 'x', null])('a bound of %j is refused', (bound) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTIONS' })
    expect(() => new InMemoryCheckpointer({ maxBytes: bound as number })).toThrow(refused)
    expect(() => new InMemoryCheckpointer({ maxThreads: bound as number })).toThrow(refused)
  })
})

describe('snapshot', () => {
  async function full(): Promise<{ checkpointer: InMemoryCheckpointer; main: TestThread }> {
    const checkpointer = new InMemoryCheckpointer()
    const main = await thread(checkpointer, 'main', 3000)
    await main.put({
      text: textOf(1, 200_000),
      bytes: new Uint8Array(70_000).fill(3),
      when: new Date(0),
      undef: undefined,
    })
    await main.write(main.last!, [
      ['x', { text: textOf(2, 2000) }],
      ['__interrupt__', [1]],
    ])
    await thread(checkpointer, 'other')
    await thread(checkpointer, 'gone')
    await checkpointer.deleteThread('gone')
    return { checkpointer, main }
  }

  test('is JSON and holds everything', async () => {
    const { checkpointer } = await full()
    const snapshot = checkpointer.snapshot()
    expect(jsonOf(snapshot)).toEqual(snapshot)
    const restored = new InMemoryCheckpointer()
    restored.restore(jsonOf(snapshot))
    expect(await collect(restored.list({}))).toStrictEqual(await collect(checkpointer.list({})))
    expect(jsonOf(restored.snapshot())).toStrictEqual(jsonOf(snapshot))
  })

  test('replaces all threads when it is restored, and runs go on from there', async () => {
    const { checkpointer, main } = await full()
    const snapshot = jsonOf(checkpointer.snapshot())
    await main.put({ text: 'later' })
    await thread(checkpointer, 'new')
    checkpointer.restore(snapshot)
    expect(await names(checkpointer)).toStrictEqual(['main', 'other'])
    expect(await main.list()).toHaveLength(2)
    const head = (await main.mustRead()).checkpoint.id
    const next = await main.put({ text: 'again' }, { parent: head })
    expect(await main.ids()).toStrictEqual([
      next,
      head,
      (await main.mustRead(head)).parentConfig!.configurable!['checkpoint_id'],
    ])
  })

  test('is independent of later changes to the store, and the store of changes to it', async () => {
    const { checkpointer, main } = await full()
    const snapshot = checkpointer.snapshot()
    const text = JSON.stringify(snapshot)
    await main.put({ text: 'later' })
    await checkpointer.deleteThread('other')
    expect(JSON.stringify(snapshot)).toBe(text)
  })

  test('keeps deleted threads deleted', async () => {
    const { checkpointer } = await full()
    const gone = TestThread.inRun(checkpointer, 'late')
    const id = await gone.put({ x: 1 })
    await checkpointer.deleteThread('late')
    checkpointer.restore(jsonOf(checkpointer.snapshot()))
    await gone.put({ x: 2 }, { parent: id })
    expect(await gone.read()).toBeUndefined()
  })

  const bad: [string, (snapshot: any) => unknown][] = [
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', (snapshot) => JSON.stringify(snapshot)],
    ['an array', () => []],
    ['another object', () => ({ threads: [] })],
    ['another format', (snapshot) => ({ ...snapshot, format: 99 })],
    ['no threads', (snapshot) => ({ format: snapshot.format })],
    ['threads of null', (snapshot) => ({ ...snapshot, threads: [null] })],
    ['empty threads', (snapshot) => ({ ...snapshot, threads: [...snapshot.threads, {}] })],
    ['a thread without an id', (snapshot) => (delete snapshot.threads[0].threadId, snapshot)],
    ['a thread without its number', (snapshot) => (delete snapshot.threads[0].seq, snapshot)],
    ['a thread with text for a number', (snapshot) => ((snapshot.threads[0].generation = 'x'), snapshot)],
    ['a thread without checkpoints', (snapshot) => (delete snapshot.threads[0].checkpoints, snapshot)],
    ['a thread without parts', (snapshot) => (delete snapshot.threads[0].parts, snapshot)],
    ['a checkpoint of null', (snapshot) => (snapshot.threads[0].checkpoints.push(null), snapshot)],
    ['a checkpoint without an address', (snapshot) => (delete snapshot.threads[0].checkpoints[0].address, snapshot)],
    ['a checkpoint without a manifest', (snapshot) => (delete snapshot.threads[0].checkpoints[0].manifest, snapshot)],
    ['writes that are none', (snapshot) => (snapshot.threads[0].writes.push(['x', [null]]), snapshot)],
    ['a part that was changed', (snapshot) => ((snapshot.threads[0].parts[0][1] += ' '), snapshot)],
    [
      'a part with another name',
      (snapshot) => ((snapshot.threads[0].parts[0][0] = 'vAAAAAAAAAAAAAAAAAAAAAA'), snapshot),
    ],
    ['a part that is none', (snapshot) => (snapshot.threads[0].parts.push(7), snapshot)],
    [
      'bytes that were cut',
      (snapshot) => {
        const part = snapshot.threads[0].parts.find(([name]: [string]) => name.startsWith('b'))
        part[1] = part[1].slice(0, -8)
        return snapshot
      },
    ],
  ]
  test.each(bad)('restore refuses %s and changes nothing', async (_, spoil) => {
    const { checkpointer } = await full()
    const before = JSON.stringify(checkpointer.snapshot())
    expect(() => checkpointer.restore(spoil(jsonOf(checkpointer.snapshot())) as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'snapshot' }),
    )
    expect(JSON.stringify(checkpointer.snapshot())).toBe(before)
  })
})
