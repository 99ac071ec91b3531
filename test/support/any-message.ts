/** Random LangChain messages of every class, made in every way that programs make them. */

import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
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
import * as fc from 'fast-check'
import { anyKey, anyText, entriesOf } from './any-data.ts'

type Fields = Record<string, unknown>
type MessageClass = new (fields: never) => BaseMessage

/** Every class of messages and of chunks. */
export const MESSAGE_CLASSES: readonly MessageClass[] = [
  HumanMessage,
  HumanMessageChunk,
  AIMessage,
  AIMessageChunk,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  RemoveMessage,
]

/** A message with values of `value` wherever it can hold any. */
export function anyMessage(value: fc.Arbitrary<unknown>): fc.Arbitrary<BaseMessage> {
  return fc
    .tuple(fc.constantFrom(...MESSAGE_CLASSES), messageFields(value), fc.nat({ max: 15 }), anyKey, value)
    .map(([Class, fields, change, key, extra]) => {
      const message = new Class({ tool_call_id: 'call', role: 'r', name: 'n', id: 'i', ...fields } as never)
      return changed(Class, message, change, key, extra)
    })
}

function messageFields(value: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> {
  const record = fc.array(fc.tuple(anyKey, value), { maxLength: 2 }).map(entriesOf)
  const block = fc.oneof(
    anyText.map((text) => ({ type: 'text', text })),
    fc.record({ type: fc.constant('image_url'), image_url: record }),
  )
  const content = fc.oneof(anyText, fc.array(block, { maxLength: 2 }))
  const toolCall = fc.record(
    { name: anyText, args: record, id: anyText, type: fc.constant('tool_call') },
    { requiredKeys: ['name', 'args'] },
  )
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record(
        { content, id: fc.option(anyText, { nil: undefined }), name: fc.option(anyText, { nil: undefined }) },
        { requiredKeys: ['content'] },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          content,
          additional_kwargs: record,
          response_metadata: record,
          tool_calls: fc.array(toolCall, { maxLength: 2 }),
          usage_metadata: fc.constant({ input_tokens: 1, output_tokens: 2, total_tokens: 3 }),
          artifact: value,
          metadata: record,
          status: fc.constantFrom('success', 'error'),
          custom_field: value,
        },
        { requiredKeys: ['content'] },
      ),
    },
    { weight: 1, arbitrary: fc.array(block, { maxLength: 2 }).map((contentBlocks) => ({ contentBlocks })) },
    { weight: 1, arbitrary: content.map((text) => ({ content: text, response_metadata: { output_version: 'v1' } })) },
  )
}

/** What programs do to messages once they have them. */
function changed(Class: MessageClass, message: BaseMessage, change: number, key: string, extra: unknown): BaseMessage {
  switch (change) {
    case 0:
      return Object.assign(message, { name: 'renamed' })
    case 1:
      return Object.assign(message, { content: 'replaced' })
    case 2:
      return Object.assign(message, { response_metadata: extra })
    case 3:
      return Object.assign(message, { lc_namespace: ['langchain_core', 'elsewhere'] })
    case 4:
      return new Class(Object.assign({}, message, { content: 'spread' }) as never)
    case 5:
      // An AIMessage refuses to be copied so when it is in the v1 format.
      return Class === AIMessage ? message : new Class(message as never)
    case 6:
      Object.defineProperty(message.additional_kwargs, key, {
        value: extra,
        writable: true,
        enumerable: true,
        configurable: true,
      })
      return message
    case 7:
      return key === 'lc_kwargs' || key === '__proto__' || key in message
        ? message
        : Object.assign(message, { [key]: extra })
    case 8:
      message['_updateId']('updated')
      return message
    default:
      return message
  }
}
