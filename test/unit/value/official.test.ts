import { readFile, readdir } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatPromptValue } from '@langchain/core/prompt_values'
import { MemorySaver } from '@langchain/langgraph-checkpoint'
import { describe, expect, test } from 'vitest'
import { LosslessSerializer, stringifyValue } from '../../../src/codec/value.ts'
import { OFFICIAL_VALUES } from '../../support/official-values.ts'
import { difference } from '../../support/strict-equal.ts'

const folder = new URL('../../fixtures/official/golden/', import.meta.url)
const fixtures = await readdir(folder)
const official = new MemorySaver().serde
const serializer = new LosslessSerializer()

/** LangChain writes these with data of its own in them, which the official serializer then loses. */
const READ_BETTER = new Set(['message-with-lc-data.json'])

test('there is a fixture for every official value', () => {
  expect(new Set(fixtures.map((file) => file.replace(/\.[^.]+$/, '')))).toEqual(new Set(Object.keys(OFFICIAL_VALUES)))
})

describe('a value written by the official serializer is read as that serializer reads it', () => {
  test.for(fixtures)('%s', async (file) => {
    const bytes = new Uint8Array(await readFile(new URL(file, folder)))
    const type = file.slice(file.lastIndexOf('.') + 1)
    const read = await serializer.loadsTyped(type, bytes)
    const theirs: unknown = await official.loadsTyped(type, bytes)
    expect(READ_BETTER.has(file) || difference(read, theirs)).toSatisfy(
      (found) => found === true || found === undefined,
    )
    // From then on it is ours, and loses nothing.
    const [ownType, own] = await serializer.dumpsTyped(read)
    expect(difference(await serializer.loadsTyped(ownType, own), read)).toBeUndefined()
  })
})

describe('messages come back as they were written', () => {
  test.for(['message-human', 'message-tool', 'message-others', 'agent-state'])('%s', async (name) => {
    const read = await serializer.loadsTyped('json', await readFile(new URL(`${name}.json`, folder)))
    expect(isDeepStrictEqual(read, OFFICIAL_VALUES[name])).toBe(true)
  })
})

test('a text is accepted in place of bytes', async () => {
  expect(await serializer.loadsTyped('json', '{"lc":2,"type":"undefined"}')).toBeUndefined()
  expect(await serializer.loadsTyped('bytes', 'é')).toEqual(Uint8Array.of(0xc3, 0xa9))
})

test('user data that LangChain escaped comes back unescaped', async () => {
  const read = (await serializer.loadsTyped(
    'json',
    await readFile(new URL('message-with-lc-data.json', folder)),
  )) as HumanMessage
  expect(difference(read, OFFICIAL_VALUES['message-with-lc-data'])).toBeUndefined()
})

test('objects inside the arguments of an object are revived', async () => {
  const text = JSON.stringify({
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'prompt_values', 'ChatPromptValue'],
    kwargs: { messages: [new HumanMessage('hi').toJSON()] },
  })
  const read = (await serializer.loadsTyped('json', text)) as ChatPromptValue
  expect(read).toBeInstanceOf(ChatPromptValue)
  expect(read.messages[0]).toBeInstanceOf(HumanMessage)
})

test('a message whose arguments its constructor refuses stays data', async () => {
  const record = {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'messages', 'AIMessage'],
    kwargs: { content_blocks: [], tool_calls: 'none' },
  }
  expect(await serializer.loadsTyped('json', JSON.stringify(record))).toEqual(record)
})

test('a __proto__ key is data', async () => {
  const read = (await serializer.loadsTyped('json', '{"__proto__":{"lc":2,"type":"undefined"}}')) as object
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  expect(Object.hasOwn(read, '__proto__')).toBe(true)
})

describe('the serializer', () => {
  test('keeps bytes as they are and copies them', async () => {
    const bytes = Uint8Array.of(1, 2)
    const [type, stored] = await serializer.dumpsTyped(bytes)
    expect(type).toBe('bytes')
    bytes[0] = 9
    expect(stored).toEqual(Uint8Array.of(1, 2))
    const read = (await serializer.loadsTyped('bytes', Buffer.from(stored))) as Uint8Array
    expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype)
    expect(read).toEqual(stored)
  })

  test('writes everything else as text with a type name of its own', async () => {
    const value = {
      messages: [new AIMessage('x'), new ToolMessage('y', '1')],
      at: new Date(0),
      buffer: Buffer.from('z'),
    }
    const [type, stored] = await serializer.dumpsTyped(value)
    expect(type).toBe('json/1')
    expect(new TextDecoder().decode(stored)).toBe(stringifyValue(value, '$'))
    expect(difference(await serializer.loadsTyped(type, stored), value)).toBeUndefined()
    expect(await serializer.dumpsTyped(Buffer.from('z'))).toEqual([
      'json/1',
      new TextEncoder().encode('{"$bytes":["Buffer","eg=="]}'),
    ])
  })

  test("rejects what can't be stored and names its place", async () => {
    await expect(serializer.dumpsTyped({ a: [() => 1] })).rejects.toMatchObject({ path: '$.a[0]', kind: 'function' })
    await expect(new LosslessSerializer({ maxDepth: 1 }).dumpsTyped([[1]])).rejects.toMatchObject({
      option: 'maxDepth',
      limit: 1,
    })
  })
})
