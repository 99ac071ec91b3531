import { checkpointOf, configOf, METADATA, newId, TestThread, textOf, withBytesAsText } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

/** Values of every stored form: inline, one part, several parts, text, bytes, special. */
const FORMS: Record<string, unknown> = {
  inline: 'short',
  part: { text: textOf(1, 500) },
  list: Array.from({ length: 60 }, (_, i) => ({ n: i, text: textOf(i, 300) })),
  map: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`file${i}`, textOf(i, 1500)])),
  text: textOf(2, 140_000),
  bytes: new Uint8Array(66_000).fill(7),
  special: new Map([['when', new Date(0)]]),
}
const VERSIONS = Object.fromEntries(Object.keys(FORMS).map((channel) => [channel, 1]))

/** Contract rule 5: the one case in which newVersions leaves something out. */
export function rootContract(subject: Subject): void {
  test('a versioned channel that is not in newVersions is left out if the namespace has never stored it', async () => {
    const thread = new TestThread(subject())
    const versions = { foo: 1, baz: 1 }
    const read: unknown[] = []
    for (const newVersions of [{}, { foo: 1 }, { foo: 1, baz: 1 }]) {
      const id = await thread.put({ foo: 'bar', baz: 'qux' }, { parent: null, versions, newVersions })
      read.push(await thread.values(id))
    }
    expect(read).toStrictEqual([{}, { foo: 'bar' }, { foo: 'bar', baz: 'qux' }])
  })

  test('a channel without a version is never left out', async () => {
    const thread = new TestThread(subject())
    await thread.put({ log: [], __pregel_tasks: [] }, { parent: null, newVersions: {} })
    expect(await thread.values()).toStrictEqual({ log: [], __pregel_tasks: [] })
  })

  test.each(Object.keys(FORMS))('a copy of a root keeps a value of the form "%s"', async (form) => {
    const thread = new TestThread(subject())
    const value = FORMS[form]
    const root = await thread.put({ [form]: value }, { parent: null, versions: { [form]: 1 } })
    const saved = await thread.mustRead(root)
    const copy = { ...saved.checkpoint, id: newId() }
    await subject().put(saved.parentConfig ?? thread.config(), copy, METADATA, {})
    expect(withBytesAsText(await thread.values(copy.id))).toStrictEqual(withBytesAsText({ [form]: value }))
  })

  test('a copy of a root keeps a value that other channels and writes hold as well', async () => {
    const thread = new TestThread(subject())
    const shared = { text: textOf(3, 9000), tags: Array.from({ length: 200 }, (_, i) => ({ tag: `t${i}` })) }
    await thread.put(
      { ...FORMS, shared, all: { shared, list: [shared] } },
      { parent: null, versions: { ...VERSIONS, shared: 1, all: 1 } },
    )
    // Read first as an entry and as an element, then put as a channel: the stored form must not depend on that.
    for (let copies = 0; copies < 2; copies++) {
      const saved = await thread.mustRead()
      const values = saved.checkpoint.channel_values as { all: { shared: unknown; list: unknown[] } }
      const from = copies === 0 ? values.all.shared : values.all.list[0]
      const copy = { ...saved.checkpoint, id: newId(), channel_values: { ...values, shared: from } }
      await subject().put(configOf(thread.threadId), copy, METADATA, {})
      const expected = { ...FORMS, shared, all: { shared, list: [shared] } }
      expect(withBytesAsText(await thread.values(copy.id))).toStrictEqual(withBytesAsText(expected))
    }
  })

  test.each([undefined, null])('where newVersions is %j, every value is kept', async (none) => {
    const thread = new TestThread(subject())
    const checkpoint = checkpointOf(newId(), { foo: 'bar' }, { versions: { foo: 1 } })
    await subject().put(thread.config(), checkpoint, METADATA, none as never)
    expect(await thread.values()).toStrictEqual({ foo: 'bar' })
  })

  test('a value that only another namespace holds is left out', async () => {
    const root = new TestThread(subject())
    const child = new TestThread(subject(), 'child', root.threadId)
    await root.put({ x: 'value' }, { parent: null, versions: { x: 1 } })
    await child.put({ x: 'value' }, { parent: null, versions: { x: 1 }, newVersions: {} })
    expect(await child.values()).toStrictEqual({})
  })

  test('a copy of a checkpoint with a parent has the grandparent as its parent, and the values of its sibling', async () => {
    const thread = new TestThread(subject())
    const root = await thread.put({ x: 1, y: 1 }, { versions: { x: 1, y: 1 } })
    await thread.put({ x: 2, y: 1, z: 3 }, { versions: { x: 2, y: 1, z: 1 }, newVersions: { x: 2, z: 1 } })
    const saved = await thread.mustRead()
    const copy = { ...saved.checkpoint, id: newId() }
    await subject().put(saved.parentConfig as never, copy, METADATA, {})
    const read = await thread.mustRead()
    expect(read.checkpoint).toStrictEqual(copy)
    expect(read.parentConfig).toStrictEqual(thread.config(root))
  })
}
