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
import { type BaseKey, type InstanceTag, type KnownClass, describeClass } from './known-class.ts'

/** The classes by their name in a marker, each with how to make an instance from as little as its constructor takes. */
type Makers = readonly (readonly [name: string, make: () => object])[]

const MESSAGES: Makers = [
  ['HumanMessage', () => new HumanMessage('')],
  ['HumanMessageChunk', () => new HumanMessageChunk('')],
  ['AIMessage', () => new AIMessage('')],
  ['AIMessageChunk', () => new AIMessageChunk('')],
  ['SystemMessage', () => new SystemMessage('')],
  ['SystemMessageChunk', () => new SystemMessageChunk('')],
  ['ToolMessage', () => new ToolMessage({ content: '', tool_call_id: '' })],
  ['ToolMessageChunk', () => new ToolMessageChunk({ content: '', tool_call_id: '' })],
  ['FunctionMessage', () => new FunctionMessage({ content: '', name: '' })],
  ['FunctionMessageChunk', () => new FunctionMessageChunk({ content: '', name: '' })],
  ['ChatMessage', () => new ChatMessage({ content: '', role: '' })],
  ['ChatMessageChunk', () => new ChatMessageChunk({ content: '', role: '' })],
  ['RemoveMessage', () => new RemoveMessage({ id: '' })],
]

const template = new PromptTemplate({ template: '', inputVariables: [] })

const SERIALIZABLES: Makers = [
  ['langchain_core/prompt_values/StringPromptValue', () => new StringPromptValue('')],
  ['langchain_core/prompt_values/ChatPromptValue', () => new ChatPromptValue([])],
  ['langchain_core/prompt_values/ImagePromptValue', () => new ImagePromptValue({ url: '' })],
  ['langchain_core/prompts/prompt/PromptTemplate', () => new PromptTemplate({ template: '', inputVariables: [] })],
  [
    'langchain_core/prompts/chat/ChatPromptTemplate',
    () => new ChatPromptTemplate({ inputVariables: [], promptMessages: [] }),
  ],
  ['langchain_core/prompts/chat/MessagesPlaceholder', () => new MessagesPlaceholder('')],
  ['langchain_core/prompts/chat/ChatMessagePromptTemplate', () => new ChatMessagePromptTemplate(template, '')],
  ['langchain_core/prompts/chat/HumanMessagePromptTemplate', () => new HumanMessagePromptTemplate(template)],
  ['langchain_core/prompts/chat/AIMessagePromptTemplate', () => new AIMessagePromptTemplate(template)],
  ['langchain_core/prompts/chat/SystemMessagePromptTemplate', () => new SystemMessagePromptTemplate(template)],
  [
    'langchain_core/prompts/image/ImagePromptTemplate',
    () => new ImagePromptTemplate({ inputVariables: [], template: { url: '' } }),
  ],
  ['langchain_core/prompts/dict/DictPromptTemplate', () => new DictPromptTemplate({ template: {} })],
]

const GENERATIONS: Makers = [
  ['GenerationChunk', () => new GenerationChunk({ text: '' })],
  ['ChatGenerationChunk', () => new ChatGenerationChunk({ text: '', message: new AIMessageChunk('') })],
]

function describeAll(tag: InstanceTag, makers: Makers, base?: BaseKey): ReadonlyMap<string, KnownClass> {
  return new Map(makers.map(([name, make]) => [name, describeClass(tag, name, make, base)]))
}

export const MESSAGE_CLASSES: ReadonlyMap<string, KnownClass> = describeAll('$message', MESSAGES, 'lc_kwargs')
export const SERIALIZABLE_CLASSES: ReadonlyMap<string, KnownClass> = describeAll('$lc', SERIALIZABLES, 'lc_kwargs')
export const GENERATION_CLASSES: ReadonlyMap<string, KnownClass> = describeAll('$generation', GENERATIONS)

export const DOCUMENT: KnownClass = describeClass('$document', 'Document', () => new Document({ pageContent: '' }))
export const SEND: KnownClass = describeClass('$send', 'Send', () => new Send('', undefined))
export const OVERWRITE: KnownClass = describeClass('$overwrite', 'Overwrite', () => new Overwrite(undefined))
export const DELTA_SNAPSHOT: KnownClass = describeClass('$delta', 'DeltaSnapshot', () => new DeltaSnapshot(undefined))

const COMMAND_ARGUMENTS = Symbol.for('langgraph.command')
export const COMMAND: KnownClass = describeClass('$command', 'Command', () => new Command({}), COMMAND_ARGUMENTS)
