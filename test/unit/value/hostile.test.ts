import { AIMessage } from '@langchain/core/messages'
import { Send } from '@langchain/langgraph'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LosslessSerializer, parseWire, reviveWire, stringifyValue } from '../../../src/codec/value.ts'
import { UnreadableValueError } from '../../../src/errors.ts'
import { MARKER, PAYLOADS } from '../../support/payloads.ts'
import { difference } from '../../support/strict-equal.ts'

const SECRET = 'sk-secret-of-the-environment'
const serializer = new LosslessSerializer()

/** Where a program keeps data of others. */
const PLACES: readonly (readonly [name: string, wrap: (payload: unknown) => unknown])[] = [
  ['a channel value', (payload) => payload],
  ['deep in a channel value', (payload) => ({ messages: [1, { a: [payload] }] })],
  ['a map', (payload) => new Map([[payload, new Set([payload])]])],
  [
    'message kwargs',
    (payload) =>
      new AIMessage({ content: 'x', additional_kwargs: { a: payload }, response_metadata: { a: [payload] } }),
  ],
  ['message content', (payload) => new AIMessage({ content: [{ type: 'data', payload }] })],
  [
    'the arguments of a tool call',
    (payload) => new AIMessage({ content: '', tool_calls: [{ name: 'n', args: { payload }, id: '1' }] }),
  ],
  ['a pending write', (payload) => Object.assign(new Send('node', undefined), { args: payload })],
  ['metadata', (payload) => ({ source: 'loop', step: 1, parents: {}, writes: payload })],
]

afterEach(() => {
  vi.unstubAllEnvs()
  if (Reflect.has(globalThis, MARKER)) throw new Error('a payload was executed')
  if (Reflect.has({}, 'isAdmin')) throw new Error('a prototype was changed')
})

describe.for(Object.entries(PAYLOADS))('%s', ([, payload]) => {
  test.for(PLACES)('comes back as data: %s', async ([, wrap]) => {
    vi.stubEnv('OPENAI_API_KEY', SECRET)
    const value = wrap(payload)
    const text = stringifyValue(value, '$')
    expect(text).not.toContain(SECRET)
    expect(difference(reviveWire(parseWire(text)), value)).toBeUndefined()
    const [type, bytes] = await serializer.dumpsTyped(value)
    expect(difference(await serializer.loadsTyped(type, bytes), value)).toBeUndefined()
  })

  test('stays data when the official serializer wrote it', async () => {
    vi.stubEnv('OPENAI_API_KEY', SECRET)
    for (const official of [payload, { a: [payload] }]) {
      const read = await serializer.loadsTyped('json', JSON.stringify(official))
      expect(difference(read, official)).toBeUndefined()
    }
  })

  test('has no effect in the arguments of an official message', async () => {
    vi.stubEnv('OPENAI_API_KEY', SECRET)
    const kwargs = { content: 'x', additional_kwargs: { payload } }
    const record = { lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'AIMessage'], kwargs }
    const read = (await serializer.loadsTyped('json', JSON.stringify(record))) as AIMessage
    expect(read).toBeInstanceOf(AIMessage)
    expect(JSON.stringify(read.additional_kwargs)).not.toContain(SECRET)
    // LangChain escapes the data of users here, so what it escaped is as it was before.
    const expected =
      payload === PAYLOADS['an escape that is not one'] ? { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] } : payload
    expect(difference(read.additional_kwargs['payload'], expected)).toBeUndefined()
  })
})

describe('a text that was not written by the codec is refused', () => {
  test.for([
    '{"$unknown":1}',
    '{"$":1}',
    '{"$undefined":false}',
    '{"$number":1}',
    '{"$number":"1"}',
    '{"$bigint":1}',
    '{"$bigint":"0x10"}',
    '{"$bigint":"01"}',
    '{"$date":0}',
    '{"$date":"tomorrow"}',
    '{"$date":"2020"}',
    '{"$map":[[1]]}',
    '{"$map":{}}',
    '{"$set":{}}',
    '{"$array":[-1,{}]}',
    '{"$array":[4294967296,{}]}',
    '{"$array":[1.5,{}]}',
    '{"$array":[0,{"0":1}]}',
    '{"$array":[1,[]]}',
    '{"$array":[1,{"length":0}]}',
    '{"$null":[]}',
    '{"$regexp":["(",""]}',
    '{"$regexp":["a","gg"]}',
    '{"$regexp":["a"]}',
    '{"$url":"not a url"}',
    '{"$error":["Function",{}]}',
    '{"$error":["Error"]}',
    '{"$error":["Error",{"stack":"x"}]}',
    '{"$error":["constructor",{}]}',
    '{"$bytes":["Function","YQ=="]}',
    '{"$bytes":["constructor","YQ=="]}',
    '{"$bytes":["Uint8Array","*"]}',
    '{"$bytes":["Uint8Array","YQ"]}',
    '{"$bytes":["Uint16Array","YQ=="]}',
    '{"$bytes":["Uint8Array"]}',
    '{"$message":["Object",{}]}',
    '{"$message":["constructor",{}]}',
    '{"$message":["__proto__",{}]}',
    '{"$message":["AIMessage"]}',
    '{"$message":["AIMessage",1]}',
    '{"$message":["AIMessage",null]}',
    '{"$message":["AIMessage",{},1]}',
    '{"$message":["AIMessage",{},{},"x"]}',
    '{"$lc":["langchain_core/runnables/RunnableLambda",{}]}',
    '{"$lc":[["langchain_core","prompt_values","StringPromptValue"],{}]}',
    '{"$generation":["Object",{}]}',
    '{"$document":[]}',
    '{"$send":null}',
    '{"$delta":1}',
    '{"$overwrite":"x"}',
    '{"$command":{}}',
    '{"a":[{"$undefined":1}]}',
    '',
    '{',
    'undefined',
    '{"a":1}x',
    '\ufeff1',
  ])('%s', (text) => {
    expect(() => reviveWire(parseWire(text))).toThrow(UnreadableValueError)
  })
})

test.for(['{"password":"hunter2"', '{"$date":"hunter2"}', '{"$hunter2":1}', '{"$message":["hunter2",{}]}'])(
  'the error for an unreadable text does not contain it: %s',
  (text) => {
    let error = new Error('it was read')
    try {
      reviveWire(parseWire(text))
    } catch (thrown) {
      error = thrown as Error
    }
    expect(error).toBeInstanceOf(UnreadableValueError)
    expect([error.message, error.stack, error.cause].join()).not.toContain('hunter2')
  },
)

test('nesting deeper than any writer makes is refused and does not end the process', async () => {
  for (const text of [
    '['.repeat(1e5) + ']'.repeat(1e5),
    '{"a":'.repeat(1e5) + '1' + '}'.repeat(1e5),
    '{"$set":['.repeat(1e5) + ']}'.repeat(1e5),
  ]) {
    expect(() => reviveWire(parseWire(text))).toThrow(UnreadableValueError)
    await expect(serializer.loadsTyped('json', text)).rejects.toThrow(UnreadableValueError)
  }
})

test('an enumerable property of Object.prototype gets into no value', () => {
  Reflect.defineProperty(Object.prototype, 'polluted', {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  })
  try {
    const value = { a: [{ b: 1 }], m: new AIMessage({ content: 'x', additional_kwargs: { c: {} } }) }
    const text = stringifyValue(value, '$')
    expect(text).not.toContain('polluted')
    const revived = reviveWire(parseWire(text)) as typeof value
    expect(Object.hasOwn(revived.a[0] as object, 'polluted')).toBe(false)
    expect(Object.hasOwn(revived.m.additional_kwargs, 'polluted')).toBe(false)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted')
  }
})

test('bytes that are not UTF-8 and unknown types are refused', async () => {
  await expect(serializer.loadsTyped('json/1', Uint8Array.of(0x22, 0xff, 0x22))).rejects.toThrow(UnreadableValueError)
  await expect(serializer.loadsTyped('json', Uint8Array.of(0x22, 0xff, 0x22))).rejects.toThrow(UnreadableValueError)
  await expect(serializer.loadsTyped('msgpack', Uint8Array.of(1))).rejects.toThrow(UnreadableValueError)
  await expect(serializer.loadsTyped('__proto__', '1')).rejects.toThrow(UnreadableValueError)
})
