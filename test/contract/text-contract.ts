import { newId, TestThread } from '../support/checkpoints.ts'
import type { Subject } from './checkpointer-contract.ts'

/** What Postgres's text, jsonb or bytea literals stumble over, and what looks like our own notation. */
const TEXTS: Record<string, string> = {
  NUL: 'a\0b',
  'a lone high surrogate': 'a\ud83d',
  'a lone low surrogate': '\ude00b',
  'surrogates the wrong way round': '\ude00\ud83d',
  'a pair of surrogates': '\u{1f600}',
  'a backslash': 'a\\b',
  'a backslash before a u': '\\u0000',
  'backslashes before NUL': '\\\\\0\\',
  'U+F8FF': '\uf8ff',
  'U+F8FF as in an escape': '\uf8ff0000 \uf8ffd83d \uf8fff8ff',
  'U+F8FF before NUL': '\uf8ff\0',
  quotes: `'"$1 $$ \${x} --`,
  'line breaks': 'a\n"b":1,\n}\r\u2028',
  "a part's name": 'vsjlBjBv9DQhO6YWEiCnYXy',
  'a marker': '$undefined',
  nothing: '',
  'no ASCII': 'Grüße, 世界',
  'a byte order mark': '\ufeffx',
}

export function textContract(subject: Subject): void {
  test.each(Object.keys(TEXTS))("%s in a channel's name and value comes back", async (name) => {
    const text = TEXTS[name]!
    const thread = new TestThread(subject())
    const long = text.repeat(3000)
    const values = { [text]: text, long, list: [text, { [text]: text }, long], map: { [text]: { [text]: text, x: 1 } } }
    const id = await thread.put(values, { versions: { [text]: 1 } })
    await thread.write(id, [
      [text, text],
      [text, [long]],
      ['x', { [text]: text }],
    ])
    const tuple = await thread.mustRead()
    expect(tuple.checkpoint.channel_values).toStrictEqual(values)
    expect(tuple.checkpoint.channel_versions).toStrictEqual({ [text]: 1 })
    expect(tuple.pendingWrites).toStrictEqual([
      ['task', text, text],
      ['task', text, [long]],
      ['task', 'x', { [text]: text }],
    ])
  })

  test.each(Object.keys(TEXTS))('%s in metadata and node names comes back, and is found by a filter', async (name) => {
    const text = TEXTS[name]!
    const thread = new TestThread(subject())
    await thread.put({})
    const metadata = {
      source: 'update',
      step: 1,
      parents: { [text]: text },
      [text]: text,
      list: [text, { [text]: text }],
    }
    const seen = { [text]: { [text]: 1, x: 2 } }
    const id = await thread.put({}, { metadata, fields: { versions_seen: seen, updated_channels: [text] } })
    const tuple = await thread.mustRead()
    expect(tuple.metadata).toStrictEqual(metadata)
    expect(tuple.checkpoint.versions_seen).toStrictEqual(seen)
    for (const filter of [{ [text]: text }, { parents: { [text]: text } }, { list: [text] }]) {
      expect(await thread.ids({ filter })).toStrictEqual([id])
    }
    expect(await thread.ids({ filter: { [text]: `${text}x` } })).toStrictEqual([])
  })

  test.each(Object.keys(TEXTS))("%s in a channel's name has a delta history", async (name) => {
    const text = TEXTS[name]!
    const thread = new TestThread(subject())
    const root = await thread.put({ [text]: 'seed' })
    await thread.write(root, [[text, 'write']])
    const id = await thread.put({})
    const history = await subject().getDeltaChannelHistory({ config: thread.config(id), channels: [text] })
    expect(history).toStrictEqual({ [text]: { writes: [['task', text, 'write']], seed: 'seed' } })
  })

  test.each(['$1', "a'b", 'a"b', 'a\\b', 'a|b:c', '%', '_', '\uf8ff0000', 'é', '../..', 'a b', '\u{1f600}'])(
    'the id %j is data and matches only itself',
    async (text) => {
      const [thread, similar] = [text, `${text} `].map((end) => new TestThread(subject(), end, `${newId()}${end}`))
      const id = `${newId()}${text}`
      await thread!.put({ x: text }, { id })
      await thread!.write(id, [['x', 1]], text)
      const tuple = await thread!.mustRead(id)
      expect(tuple.config).toStrictEqual(thread!.config(id))
      expect(tuple.pendingWrites).toStrictEqual([[text, 'x', 1]])
      expect(await similar!.read(id)).toBeUndefined()
      expect(await thread!.ids()).toStrictEqual([id])
      await subject().deleteThread(similar!.threadId)
      expect(await thread!.ids()).toStrictEqual([id])
    },
  )
}
