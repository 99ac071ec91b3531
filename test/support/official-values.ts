/** State values as programs under LangGraph's own savers have them, by the name of their fixture. */

import { Document } from '@langchain/core/documents'
import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from '@langchain/core/messages'
import { ChatPromptValue, ImagePromptValue, StringPromptValue } from '@langchain/core/prompt_values'
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from '@langchain/core/prompts'
import { Command, Overwrite, Send } from '@langchain/langgraph'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'

const toolCall = {
  name: 'search',
  args: { query: 'q', nested: { list: [1, null] } },
  id: 'call_1',
  type: 'tool_call' as const,
}

export const OFFICIAL_VALUES: Readonly<Record<string, unknown>> = {
  json: { text: 'é\0\ud83d\ude00', number: 1.5, list: [true, null, []], empty: {} },
  undefined: undefined,
  'undefined-inside': { a: undefined, list: [undefined, 1] },
  map: new Map<unknown, unknown>([
    ['a', new Set([1, { b: undefined }])],
    [{ key: 1 }, new Map()],
  ]),
  'regexp-and-error': [/a+/gi, new Error('failed'), new TypeError('also failed')],
  bytes: new Uint8Array([0, 1, 255]),
  'bytes-inside': { data: new Uint8Array([0, 1, 255]), buffer: Buffer.from('hi') },
  'delta-snapshot': new DeltaSnapshot([new HumanMessage({ content: 'a', id: '1' })]),
  send: [new Send('node', { item: 1 }), new Send('node', { item: 2 }, { timeout: 10 })],
  command: new Command({ update: { a: 1 }, goto: ['x', new Send('y', {})] }),
  overwrite: new Overwrite([1]),
  document: new Document({ pageContent: 'text', metadata: { page: 1 }, id: 'd' }),
  'prompt-values': [
    new StringPromptValue('hi'),
    new ChatPromptValue([new HumanMessage('hi'), new AIMessage('ho')]),
    new ImagePromptValue({ url: 'u', detail: 'low' }),
  ],
  'prompt-templates': [
    PromptTemplate.fromTemplate('{a} or {b}'),
    ChatPromptTemplate.fromMessages([
      ['system', 'You are {role}.'],
      new MessagesPlaceholder('history'),
      ['human', '{q}'],
    ]),
  ],
  'message-human': [
    new HumanMessage('hi'),
    new HumanMessage({
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:,' } },
      ],
      id: '1',
      name: 'me',
    }),
  ],
  'message-ai': [
    new AIMessage('hi'),
    new AIMessage({
      content: '',
      id: 'run-1',
      tool_calls: [toolCall],
      invalid_tool_calls: [{ name: 'x', args: '{', id: 'c', error: 'e', type: 'invalid_tool_call' }],
      usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3, input_token_details: { audio: 1 } },
      response_metadata: { model_name: 'm', tokenUsage: { promptTokens: 1 } },
      additional_kwargs: { refusal: null, some_key: { inner_key: 1 } },
    } as never),
    new AIMessage({
      content: '',
      additional_kwargs: { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
      tool_calls: [{ name: 'f', args: { a: 1 }, id: 'c' }],
    }),
  ],
  'message-ai-v1': [
    new AIMessage({ contentBlocks: [{ type: 'text', text: 'a' }], tool_calls: [toolCall] }),
    new AIMessage({ content: [{ type: 'text', text: 'a' }], response_metadata: { output_version: 'v1' } }),
  ],
  'message-tool': [
    new ToolMessage('done', 'call_1', 'search'),
    new ToolMessage({
      content: 'x',
      tool_call_id: 'call_1',
      artifact: { rows: [[1]] },
      status: 'error',
      metadata: { source: 's' },
    }),
  ],
  'message-others': [
    new SystemMessage({ content: 's', id: '1' }),
    new FunctionMessage({ content: 'f', name: 'fn' }),
    new ChatMessage({ content: 'c', role: 'critic' }),
    new RemoveMessage({ id: '1' }),
  ],
  'message-chunks': [
    new HumanMessageChunk('h'),
    new SystemMessageChunk('s'),
    new AIMessageChunk({
      content: 'a',
      tool_call_chunks: [{ name: 'f', args: '{"q":1}', index: 0, id: 'c', type: 'tool_call_chunk' }],
    }),
    new ToolMessageChunk({ content: 't', tool_call_id: 'c' }),
    new FunctionMessageChunk({ content: 'f', name: 'fn' }),
    new ChatMessageChunk({ content: 'c', role: 'critic' }),
  ],
  'message-with-lc-data': new HumanMessage({
    content: 'x',
    additional_kwargs: { a: { lc: 1, type: 'constructor', id: ['x'] }, b: { __lc_escaped__: 1 } },
  }),
  'agent-state': {
    messages: [
      new HumanMessage({ content: 'q', id: '1' }),
      new AIMessage({ content: '', id: '2', tool_calls: [toolCall] }),
      new ToolMessage({ content: 'a', tool_call_id: 'call_1', id: '3' }),
    ],
    files: { 'a.ts': 'text', 'b/c.md': '' },
    seen: new Set(['a']),
    step: 3,
  },
}
