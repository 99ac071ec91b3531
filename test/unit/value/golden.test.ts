import { Document } from '@langchain/core/documents'
import { AIMessage, AIMessageChunk, HumanMessage, RemoveMessage, ToolMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, GenerationChunk } from '@langchain/core/outputs'
import { StringPromptValue } from '@langchain/core/prompt_values'
import { Command, Overwrite, Send } from '@langchain/langgraph'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { expect, test } from 'vitest'
import { stringifyValue } from '../../../src/codec/value.ts'
import { mustComeBack } from '../../support/through-text.ts'
import { withHoles } from '../../support/with-holes.ts'

/**
 * The format, literally. These texts are in databases: a line may be added, none may ever change. One that is no longer
 * written moves to a list of texts that are still read.
 */
const GOLDEN: readonly (readonly [text: string, value: unknown])[] = [
  ['null', null],
  ['"é\\u0000\\ud800😀"', 'é\0\ud800😀'],
  ['[1,1.5,-1,1e+21,true,false]', [1, 1.5, -1, 1e21, true, false]],
  [
    '{"a":{"b":[]},"__proto__":1,"constructor":2,"toJSON":3,"lc":1}',
    JSON.parse('{"a":{"b":[]},"__proto__":1,"constructor":2,"toJSON":3,"lc":1}'),
  ],
  ['{"$undefined":true}', undefined],
  ['[{"$undefined":true}]', [undefined]],
  ['{"a":{"$undefined":true}}', { a: undefined }],
  ['{"$number":"NaN"}', Number.NaN],
  ['{"$number":"Infinity"}', Infinity],
  ['{"$number":"-Infinity"}', -Infinity],
  ['{"$number":"-0"}', -0],
  ['{"$bigint":"-12345678901234567890"}', -12345678901234567890n],
  ['{"$date":"2026-01-02T03:04:05.678Z"}', new Date('2026-01-02T03:04:05.678Z')],
  ['{"$date":"-271821-04-20T00:00:00.000Z"}', new Date(-8.64e15)],
  ['{"$date":null}', new Date(Number.NaN)],
  [
    '{"$map":[["a",1],[{"b":2},{"$set":[]}]]}',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ b: 2 }, new Set()],
    ]),
  ],
  ['{"$set":[1,{"$undefined":true}]}', new Set([1, undefined])],
  ['{"$array":[3,{"1":"b"}]}', withHoles(3, { 1: 'b' })],
  ['{"$array":[1,{"0":"b","index":1,"input":"ab","groups":{"$undefined":true}}]}', 'ab'.match(/b/)],
  ['{"$null":{"$undefined":true}}', Object.assign(Object.create(null), { $undefined: true })],
  ['{"$regexp":["a+\\\\/","gi"]}', /a+\//gi],
  ['{"$regexp":["a","y",2]}', Object.assign(/a/y, { lastIndex: 2 })],
  ['{"$url":"https://example.com/a?b#c"}', new URL('https://example.com/a?b#c')],
  [
    '{"$error":["TypeError",{"message":"m","cause":"c"},{"code":"E"}]}',
    Object.assign(new TypeError('m', { cause: 'c' }), { code: 'E' }),
  ],
  ['{"$error":["Error",{}]}', new Error()],
  [
    '{"$error":["AggregateError",{"message":"m","errors":[{"$error":["Error",{"message":"n"}]}]}]}',
    new AggregateError([new Error('n')], 'm'),
  ],
  ['{"$bytes":["Uint8Array","AAH/"]}', Uint8Array.of(0, 1, 255)],
  ['{"$bytes":["Buffer","aGk="]}', Buffer.from('hi')],
  ['{"$bytes":["ArrayBuffer","AQ=="]}', Uint8Array.of(1).buffer],
  ['{"$bytes":["Float32Array","AADAPw=="]}', Float32Array.of(1.5)],
  ['{"$bytes":["DataView","Ag=="]}', new DataView(Uint8Array.of(1, 2).buffer, 1)],
  ['{"$$a":1}', { $a: 1 }],
  ['{"$$$a":1}', { $$a: 1 }],
  ['{"$$":1}', { $: 1 }],
  ['{"$$undefined":true}', { $undefined: true }],
  ['{"$a":1,"$b":2}', { $a: 1, $b: 2 }],
  [
    '{"$message":["HumanMessage",{"content":"hi","additional_kwargs":{},"response_metadata":{}}]}',
    new HumanMessage('hi'),
  ],
  [
    '{"$message":["AIMessage",{"content":"","id":"1","tool_calls":[{"name":"f","args":{"a":1},"id":"c","type":"tool_call"}],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}}]}',
    new AIMessage({ content: '', id: '1', tool_calls: [{ name: 'f', args: { a: 1 }, id: 'c', type: 'tool_call' }] }),
  ],
  [
    '{"$message":["AIMessage",{"contentBlocks":[{"type":"text","text":"a"}],"tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}},{"response_metadata":{"output_version":"v1"}}]}',
    new AIMessage({ contentBlocks: [{ type: 'text', text: 'a' }] }),
  ],
  [
    '{"$message":["ToolMessage",{"content":"x","tool_call_id":"c","artifact":{"$map":[]},"additional_kwargs":{},"response_metadata":{}}]}',
    new ToolMessage({ content: 'x', tool_call_id: 'c', artifact: new Map() }),
  ],
  [
    '{"$message":["RemoveMessage",{"id":"1","content":[],"additional_kwargs":{},"response_metadata":{}}]}',
    new RemoveMessage({ id: '1' }),
  ],
  [
    '{"$message":["HumanMessage",{"content":"hi","additional_kwargs":{},"response_metadata":{}},{"name":"n","extra":1}]}',
    Object.assign(new HumanMessage('hi'), { name: 'n', extra: 1 }),
  ],
  [
    '{"$message":["HumanMessage",{"lc_serializable":true,"lc_kwargs":{"content":"a","additional_kwargs":{},"response_metadata":{}},"lc_namespace":["langchain_core","messages"],"id":{"$undefined":true},"name":{"$undefined":true},"content":"a","additional_kwargs":{},"response_metadata":{},"type":"human"},{},"spread"]}',
    new HumanMessage(Object.assign({}, new HumanMessage('a'))),
  ],
  ['{"$lc":["langchain_core/prompt_values/StringPromptValue",{"value":"v"}]}', new StringPromptValue('v')],
  ['{"$generation":["GenerationChunk",{"text":"t"}]}', new GenerationChunk({ text: 't' })],
  [
    '{"$generation":["ChatGenerationChunk",{"text":"t","message":{"$message":["AIMessageChunk",{"content":"t","tool_calls":[],"invalid_tool_calls":[],"tool_call_chunks":[],"additional_kwargs":{},"response_metadata":{}}]}}]}',
    new ChatGenerationChunk({ text: 't', message: new AIMessageChunk('t') }),
  ],
  [
    '{"$document":{"pageContent":"p","metadata":{"n":1},"id":"i"}}',
    new Document({ pageContent: 'p', metadata: { n: 1 }, id: 'i' }),
  ],
  ['{"$send":{"node":"n","args":{"a":1}}}', new Send('n', { a: 1 })],
  [
    '{"$send":{"node":"n","args":1,"timeout":{"runTimeout":5}}}',
    Object.assign(new Send('n', 1), { timeout: { runTimeout: 5 } }),
  ],
  ['{"$overwrite":{"__overwrite__":[1]}}', new Overwrite([1])],
  ['{"$delta":{"value":[1]}}', new DeltaSnapshot([1])],
  ['{"$command":[{"update":{"a":1},"goto":"x"},{"goto":["x"]}]}', new Command({ update: { a: 1 }, goto: 'x' })],
  ['{"$command":[{"resume":1}]}', new Command({ resume: 1 })],
]

test.for(GOLDEN)('%s', ([text, value]) => {
  expect(stringifyValue(value, '$')).toBe(text)
  mustComeBack(value)
})
