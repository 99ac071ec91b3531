/** The closed list of classes whose instances can be stored. Reading reaches no other constructor or prototype. */

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
import { ChatGenerationChunk, GenerationChunk } from '@langchain/core/outputs'
import { ChatPromptValue, ImagePromptValue, StringPromptValue } from '@langchain/core/prompt_values'
import {
  AIMessagePromptTemplate,
  ChatMessagePromptTemplate,
  ChatPromptTemplate,
  DictPromptTemplate,
  HumanMessagePromptTemplate,
  ImagePromptTemplate,
  MessagesPlaceholder,
  PromptTemplate,
  SystemMessagePromptTemplate,
} from '@langchain/core/prompts'
import { Command, Overwrite, Send } from '@langchain/langgraph/web'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { type KnownClass, describeClass } from './known-class.ts'

const text = new PromptTemplate({ template: '', inputVariables: [] })

const MESSAGES: readonly (readonly [name: string, sample: object])[] = [
  ['HumanMessage', new HumanMessage('')],
  ['HumanMessageChunk', new HumanMessageChunk('')],
  ['AIMessage', new AIMessage('')],
  ['AIMessageChunk', new AIMessageChunk('')],
  ['SystemMessage', new SystemMessage('')],
  ['SystemMessageChunk', new SystemMessageChunk('')],
  ['ToolMessage', new ToolMessage({ content: '', tool_call_id: '' })],
  ['ToolMessageChunk', new ToolMessageChunk({ content: '', tool_call_id: '' })],
  ['FunctionMessage', new FunctionMessage({ content: '', name: '' })],
  ['FunctionMessageChunk', new FunctionMessageChunk({ content: '', name: '' })],
  ['ChatMessage', new ChatMessage({ content: '', role: '' })],
  ['ChatMessageChunk', new ChatMessageChunk({ content: '', role: '' })],
  ['RemoveMessage', new RemoveMessage({ id: '' })],
]

const SERIALIZABLES: readonly (readonly [id: string, sample: object])[] = [
  ['langchain_core/prompt_values/StringPromptValue', new StringPromptValue('')],
  ['langchain_core/prompt_values/ChatPromptValue', new ChatPromptValue([])],
  ['langchain_core/prompt_values/ImagePromptValue', new ImagePromptValue({ url: '' })],
  ['langchain_core/prompts/prompt/PromptTemplate', text],
  [
    'langchain_core/prompts/chat/ChatPromptTemplate',
    new ChatPromptTemplate({ inputVariables: [], promptMessages: [] }),
  ],
  ['langchain_core/prompts/chat/MessagesPlaceholder', new MessagesPlaceholder('')],
  ['langchain_core/prompts/chat/ChatMessagePromptTemplate', new ChatMessagePromptTemplate(text, '')],
  ['langchain_core/prompts/chat/HumanMessagePromptTemplate', new HumanMessagePromptTemplate(text)],
  ['langchain_core/prompts/chat/AIMessagePromptTemplate', new AIMessagePromptTemplate(text)],
  ['langchain_core/prompts/chat/SystemMessagePromptTemplate', new SystemMessagePromptTemplate(text)],
  [
    'langchain_core/prompts/image/ImagePromptTemplate',
    new ImagePromptTemplate({ inputVariables: [], template: { url: '' } }),
  ],
  ['langchain_core/prompts/dict/DictPromptTemplate', new DictPromptTemplate({ template: {} })],
]

export const MESSAGE_CLASSES: ReadonlyMap<string, KnownClass> = new Map(
  MESSAGES.map(([name, sample]) => [name, describeClass('$message', name, sample, 'lc_kwargs')]),
)

export const SERIALIZABLE_CLASSES: ReadonlyMap<string, KnownClass> = new Map(
  SERIALIZABLES.map(([id, sample]) => [id, describeClass('$lc', id, sample, 'lc_kwargs')]),
)

export const GENERATION_CLASSES: ReadonlyMap<string, KnownClass> = new Map(
  [new GenerationChunk({ text: '' }), new ChatGenerationChunk({ text: '', message: new AIMessageChunk('') })].map(
    (sample, index) => {
      const name = index === 0 ? 'GenerationChunk' : 'ChatGenerationChunk'
      return [name, describeClass('$generation', name, sample)]
    },
  ),
)

export const DOCUMENT: KnownClass = describeClass('$document', 'Document', new Document({ pageContent: '' }))
export const SEND: KnownClass = describeClass('$send', 'Send', new Send('', undefined))
export const OVERWRITE: KnownClass = describeClass('$overwrite', 'Overwrite', new Overwrite(undefined))
export const DELTA_SNAPSHOT: KnownClass = describeClass('$delta', 'DeltaSnapshot', new DeltaSnapshot(undefined))
export const COMMAND: KnownClass = describeClass(
  '$command',
  'Command',
  new Command({}),
  Symbol.for('langgraph.command'),
)
