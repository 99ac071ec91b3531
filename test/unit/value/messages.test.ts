import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type * as documents from '@langchain/core/documents'
import { Document } from '@langchain/core/documents'
import { load } from '@langchain/core/load'
import {
  AIMessage,
  AIMessageChunk,
  BaseMessage,
  BaseMessageChunk,
  HumanMessage,
  ToolMessage,
  isAIMessage,
  isBaseMessage,
  isBaseMessageChunk,
} from '@langchain/core/messages'
import { ChatPromptValue, StringPromptValue } from '@langchain/core/prompt_values'
import {
  ChatPromptTemplate,
  HumanMessagePromptTemplate,
  MessagesPlaceholder,
  PromptTemplate,
} from '@langchain/core/prompts'
import type * as promptModule from '@langchain/core/prompts'
import type * as langgraph from '@langchain/langgraph'
import { Command, Overwrite, Send, isCommand } from '@langchain/langgraph'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { describe, expect, test } from 'vitest'
import { MESSAGE_CLASSES } from '../../support/any-message.ts'
import { difference } from '../../support/strict-equal.ts'
import { mustComeBack, throughText } from '../../support/through-text.ts'

const require = createRequire(import.meta.url)

const FIELDS: Record<string, Record<string, unknown>> = {
  'text only': { content: 'hi' },
  'an empty text': { content: '' },
  'no content': {},
  'an id and a name': { content: 'hi', id: 'run-1', name: 'bot' },
  'content blocks': {
    content: [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'data:,' } },
    ],
  },
  'nested metadata': {
    content: 'x',
    additional_kwargs: { deep: { list: [1, { a: null }] } },
    response_metadata: { model: 'm', usage: { n: 1 } },
  },
  'tool calls': {
    content: '',
    tool_calls: [{ name: 'search', args: { q: ['a'] }, id: 'c1', type: 'tool_call' }],
    invalid_tool_calls: [{ name: 'bad', args: '{', id: 'c2', error: 'e', type: 'invalid_tool_call' }],
  },
  usage: {
    content: 'x',
    usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3, input_token_details: { audio: 1 } },
  },
  'a tool result': {
    content: 'x',
    tool_call_id: 'c1',
    artifact: { rows: [[1]] },
    status: 'error',
    metadata: { source: 's' },
  },
}

/** The arguments that a class can't do without, and those of `fields` that are its own: `load()` respells all others. */
function argumentsFor(name: string, fields: Record<string, unknown>): Record<string, unknown> {
  const isAi = name.startsWith('AI')
  const isTool = name.startsWith('Tool')
  const { tool_calls, invalid_tool_calls, usage_metadata, tool_call_id, artifact, status, metadata, ...common } = fields
  return {
    ...(name.startsWith('Chat') && { role: 'critic' }),
    ...(name.startsWith('Function') && { name: 'f' }),
    ...(name.startsWith('Remove') && { id: 'i' }),
    ...(isTool && { tool_call_id: tool_call_id ?? 'c' }),
    ...common,
    ...(isAi && tool_calls !== undefined && { tool_calls, invalid_tool_calls }),
    ...(isAi && usage_metadata !== undefined && { usage_metadata }),
    ...(isTool && artifact !== undefined && { artifact, status, metadata }),
  }
}

describe.for(MESSAGE_CLASSES.map((Class) => [Class.name, Class] as const))('%s', ([name, Class]) => {
  const make = (fields: Record<string, unknown>): BaseMessage => new Class(argumentsFor(name, fields) as never)

  test.for(Object.entries(FIELDS))('with %s comes back as it was, and as load() gives it', async ([, fields]) => {
    const message = make(fields)
    const revived = throughText(message)
    expect(difference(revived, message)).toBeUndefined()
    // `load()` loses this class's tool_call_id, for it does not know how to spell it.
    if (name === 'ToolMessageChunk') return
    const loaded = await load(JSON.stringify(message))
    expect(isDeepStrictEqual(revived, loaded)).toBe(true)
  })

  test('is recognised by LangChain once revived', () => {
    const revived = throughText(make({ content: 'x' }))
    expect(revived).toBeInstanceOf(Class)
    expect(revived.constructor).toBe(Class)
    expect(BaseMessage.isInstance(revived) && isBaseMessage(revived)).toBe(true)
    expect(BaseMessageChunk.isInstance(revived)).toBe(Class.name.endsWith('Chunk'))
    expect(isBaseMessageChunk(revived)).toBe(Class.name.endsWith('Chunk'))
    expect((Class as unknown as typeof BaseMessage).isInstance(revived)).toBe(true)
    expect(revived.toDict().data.content).toEqual(Class.name === 'RemoveMessage' ? [] : 'x')
  })

  test('shares its fields with its arguments once revived, as in LangChain', () => {
    const revived = throughText(make({ content: [{ type: 'text', text: 'x' }] }))
    expect(revived.content).toBe(revived.lc_kwargs['content'])
    expect(revived.additional_kwargs).toBe(revived.lc_kwargs['additional_kwargs'])
    revived['_updateId']('new')
    expect([revived.id, revived.lc_kwargs['id']]).toEqual(['new', 'new'])
  })

  test('comes back as this copy of the class when it was made by another installed copy', () => {
    const other = require('@langchain/core/messages') as Record<string, typeof Class>
    const OtherClass = other[Class.name] as typeof Class
    expect(OtherClass).not.toBe(Class)
    const fields = argumentsFor(name, { content: 'x', additional_kwargs: { a: [1] } })
    const revived = throughText(new OtherClass({ ...fields } as never))
    expect(difference(revived, new Class({ ...fields } as never))).toBeUndefined()
  })
})

describe('what load() would lose', () => {
  test.for<[string, () => BaseMessage]>([
    ['a name that was set later', () => Object.assign(new HumanMessage('x'), { name: 'later' })],
    ['a field of the program', () => Object.assign(new HumanMessage('x'), { reviewed: { by: 'me' } })],
    ['an argument with an underscore', () => new HumanMessage({ content: 'x', my_field: 1 } as never)],
    ['a Date in the metadata', () => new HumanMessage({ content: 'x', response_metadata: { at: new Date(0) } })],
    [
      'a Map in an artifact',
      () =>
        new ToolMessage({ content: 'x', tool_call_id: '1', artifact: new Map([[{ a: 1n }, new Set([undefined])]]) }),
    ],
    ['bytes in content', () => new HumanMessage({ content: [{ type: 'file', data: new Uint8Array([1, 2]) }] })],
    [
      'an lc key in the arguments',
      () => new HumanMessage({ content: 'x', additional_kwargs: { a: { lc: 1, type: 'secret', id: ['HOME'] } } }),
    ],
    ['an undefined argument', () => new HumanMessage({ content: 'x', name: undefined } as never)],
    [
      'content blocks of the v1 format',
      () =>
        new AIMessage({ contentBlocks: [{ type: 'text', text: 'a' }], tool_calls: [{ name: 'n', args: {}, id: '1' }] }),
    ],
    ['content in the v1 format', () => new AIMessage({ content: 'a', response_metadata: { output_version: 'v1' } })],
    [
      'arguments that are a spread message',
      () => new HumanMessage(Object.assign({}, new HumanMessage({ content: 'a', id: '1' }), { content: 'b' })),
    ],
    ['arguments that are a message', () => new HumanMessage(new HumanMessage({ content: 'a', id: '1' }))],
    [
      'tool calls that were replaced',
      () => Object.assign(new AIMessage('x'), { tool_calls: [{ name: 'n', args: {}, id: '1' }] }),
    ],
    [
      'raw tool calls that were never parsed',
      () =>
        Object.assign(new AIMessage('x'), {
          additional_kwargs: { tool_calls: [{ function: { name: 'f', arguments: '{' } }] },
        }),
    ],
    ['an undefined content', () => Object.assign(new HumanMessage('x'), { content: undefined })],
    [
      'arguments without a prototype',
      () => Object.assign(new HumanMessage('x'), { lc_kwargs: Object.assign(Object.create(null), { content: 'x' }) }),
    ],
    [
      'arguments that look like a marker',
      () => Object.assign(new HumanMessage('x'), { lc_kwargs: { $undefined: true } }),
    ],
  ])('%s comes back', ([, make]) => {
    const message = make()
    mustComeBack(message)
    expect(difference(throughText(message), message)).toBeUndefined()
  })
})

test('a chunk that was streamed together comes back, and can be continued', () => {
  const parts = [
    new AIMessageChunk({
      content: 'a',
      id: '1',
      tool_call_chunks: [{ name: 'f', args: '{"q"', index: 0, id: 'c', type: 'tool_call_chunk' }],
    }),
    new AIMessageChunk({
      content: 'b',
      tool_call_chunks: [{ args: ':1}', index: 0, type: 'tool_call_chunk' }],
      usage_metadata: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    } as never),
  ]
  const [first, second] = parts as [AIMessageChunk, AIMessageChunk]
  const whole = first.concat(second)
  const revived = throughText(whole)
  expect(difference(revived, whole)).toBeUndefined()
  expect(isAIMessage(revived)).toBe(true)
  expect(revived.concat(second).content).toBe('abb')
})

describe('other objects of LangChain and LangGraph', () => {
  const prompt = ChatPromptTemplate.fromMessages([
    ['system', 'You are {role}.'],
    new MessagesPlaceholder('history'),
    [
      'human',
      [
        { type: 'text', text: '{q}' },
        { type: 'image_url', image_url: '{url}' },
      ],
    ],
  ])
  test.for<[string, unknown]>([
    ['Document', new Document({ pageContent: 'text', metadata: { page: 1, at: new Date(0) }, id: 'd1' })],
    ['Document without metadata', new Document({ pageContent: 'text' })],
    ['Document with a field of the program', Object.assign(new Document({ pageContent: 'x' }), { score: 0.5 })],
    ['StringPromptValue', new StringPromptValue('hi')],
    ['ChatPromptValue', new ChatPromptValue([new HumanMessage('hi'), new AIMessage('ho')])],
    ['PromptTemplate', PromptTemplate.fromTemplate('{a} or {b}')],
    ['ChatPromptTemplate', prompt],
    ['HumanMessagePromptTemplate', HumanMessagePromptTemplate.fromTemplate('{a}')],
    ['Send', new Send('node', { messages: [new HumanMessage('x')], at: new Date(0) }, { timeout: { idleTimeout: 5 } })],
    ['Overwrite', new Overwrite([1n])],
    ['DeltaSnapshot', new DeltaSnapshot({ list: [undefined] })],
    [
      'Command',
      new Command({
        update: { a: [1] },
        resume: { ok: true },
        goto: ['a', new Send('b', { c: 1 })],
        graph: Command.PARENT,
      }),
    ],
    ['Command of tuples', new Command({ update: [['a', 1]], goto: 'x' })],
    ['an interrupt', [{ id: '0'.repeat(32), value: { question: 'ok?' } }]],
  ])('%s comes back as it was', ([, value]) => {
    expect(difference(throughText(value), value)).toBeUndefined()
  })

  test('revived objects work', async () => {
    expect((await throughText(PromptTemplate.fromTemplate('{a} or {b}')).invoke({ a: '1', b: '2' })).value).toBe(
      '1 or 2',
    )
    const filled = await throughText(prompt).invoke({ role: 'r', history: [new HumanMessage('h')], q: 'q', url: 'u' })
    expect(filled).toEqual(await prompt.invoke({ role: 'r', history: [new HumanMessage('h')], q: 'q', url: 'u' }))
    expect(throughText(new ChatPromptValue([new HumanMessage('hi')])).toString()).toBe('Human: hi')
  })

  test('LangGraph recognises revived objects as its own', () => {
    expect(isCommand(throughText(new Command({ goto: 'x' })))).toBe(true)
    expect(throughText(new Command({ goto: 'x' }))).toBeInstanceOf(Command)
    expect(throughText(new Send('a', {}))).toBeInstanceOf(Send)
    expect(Overwrite.isInstance(throughText(new Overwrite(1)))).toBe(true)
  })

  test('objects of another installed copy come back as objects of this copy', () => {
    const other = require('@langchain/langgraph') as typeof langgraph
    const core = require('@langchain/core/documents') as typeof documents
    const prompts = require('@langchain/core/prompts') as typeof promptModule
    expect(difference(throughText(new other.Send('a', { b: 1 })), new Send('a', { b: 1 }))).toBeUndefined()
    expect(difference(throughText(new other.Command({ goto: 'a' })), new Command({ goto: 'a' }))).toBeUndefined()
    expect(difference(throughText(new other.Overwrite(1)), new Overwrite(1))).toBeUndefined()
    expect(
      difference(throughText(new core.Document({ pageContent: 'x' })), new Document({ pageContent: 'x' })),
    ).toBeUndefined()
    expect(
      difference(throughText(prompts.PromptTemplate.fromTemplate('{a}')), PromptTemplate.fromTemplate('{a}')),
    ).toBeUndefined()
  })
})
