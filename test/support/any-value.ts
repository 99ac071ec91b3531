/** Random values of every kind that the codec stores, nested in one another. */

import { Document } from '@langchain/core/documents'
import { ChatGenerationChunk, GenerationChunk } from '@langchain/core/outputs'
import { AIMessageChunk } from '@langchain/core/messages'
import { ChatPromptValue, ImagePromptValue, StringPromptValue } from '@langchain/core/prompt_values'
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from '@langchain/core/prompts'
import { Command, Overwrite, Send } from '@langchain/langgraph'
import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import * as fc from 'fast-check'
import { anyMessage } from './any-message.ts'
import { anyBytes, anyPrimitive, anyText, anyKey, entriesOf } from './any-data.ts'

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const

/** A value of any kind, some levels deep. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: anyPrimitive },
    { weight: 4, arbitrary: anyContainer(tie('value')) },
    { weight: 2, arbitrary: anyBuiltin(tie('value')) },
    { weight: 2, arbitrary: anyMessage(tie('value')) },
    { weight: 1, arbitrary: anyInstance(tie('value')) },
  ),
})).value

function anyContainer(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.array(value, { maxLength: 4 }) },
    { weight: 3, arbitrary: anyObject(value) },
    { weight: 1, arbitrary: anyObject(value).map((object) => Object.setPrototypeOf(object, null) as object) },
    { weight: 1, arbitrary: unusualArray(value) },
  )
}

/** An object literal with whatever keys. */
function anyObject(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.array(fc.tuple(anyKey, value), { maxLength: 4 }).map(entriesOf)
}

function unusualArray(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc
    .tuple(
      fc.array(value, { maxLength: 3 }),
      fc.nat({ max: 9 }),
      fc.option(fc.tuple(anyKey, value), { nil: undefined }),
    )
    .map(([elements, hole, extra]) => {
      const array = [...elements]
      if (hole % 2 === 0) array.length += 1 + (hole >> 2)
      if (hole % 3 === 0 && array.length > 0) Reflect.deleteProperty(array, hole % array.length)
      if (extra !== undefined && extra[0] !== 'length')
        Object.defineProperty(array, extra[0], {
          value: extra[1],
          writable: true,
          enumerable: true,
          configurable: true,
        })
      return array
    })
}

function anyBuiltin(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.date({ noInvalidDate: false }),
    fc.array(fc.tuple(value, value), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(value, { maxLength: 3 }).map((elements) => new Set(elements)),
    fc
      .constantFrom(['a+(?<n>b)', 'giu'], ['[^/\n]', ''], ['', 'd'], ['\u2028/', 'ms'])
      .map(([source, flags]) => new RegExp(source as string, flags)),
    fc.nat({ max: 99 }).map((lastIndex) => Object.assign(/x/gy, { lastIndex })),
    fc.webUrl({ withFragments: true, withQueryParameters: true }).map((url) => new URL(url)),
    anyError(value),
    anyBytes,
  )
}

function anyError(value: fc.Arbitrary<unknown>): fc.Arbitrary<Error> {
  return fc
    .record({
      Class: fc.constantFrom(...ERRORS),
      message: fc.option(anyText, { nil: undefined }),
      options: fc.option(fc.record({ cause: value }), { nil: undefined }),
      errors: fc.option(fc.array(value, { maxLength: 2 }), { nil: undefined, freq: 4 }),
      fields: anyObject(value),
    })
    .map(({ Class, message, options, errors, fields }) => {
      const error = errors === undefined ? new Class(message, options) : new AggregateError(errors, message, options)
      for (const [key, field] of Object.entries(fields)) {
        if (key !== 'stack')
          Object.defineProperty(error, key, { value: field, writable: true, enumerable: true, configurable: true })
      }
      return error
    })
}

function anyInstance(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const record = anyObject(value)
  return fc.oneof(
    fc
      .record(
        { pageContent: anyText, metadata: record, id: fc.option(anyText, { nil: undefined }) },
        { requiredKeys: ['pageContent'] },
      )
      .map((fields) => new Document(fields as { pageContent: string })),
    fc.tuple(anyText, value).map(([node, args]) => Object.assign(new Send(node, undefined), { args })),
    fc.tuple(anyText, fc.nat()).map(([node, runTimeout]) => new Send(node, { a: 1 }, { timeout: runTimeout + 1 })),
    value.map((inner) => new Overwrite(inner)),
    value.map((inner) => new DeltaSnapshot(inner)),
    fc
      .record(
        { update: record, resume: value, goto: fc.oneof(anyText, fc.array(anyText, { maxLength: 2 })), graph: anyText },
        { requiredKeys: [] },
      )
      .map((fields) => new Command(fields as object)),
    fc.tuple(anyText, record).map(([text, generationInfo]) => new GenerationChunk({ text, generationInfo })),
    fc
      .tuple(anyText, record)
      .map(
        ([text, generationInfo]) =>
          new ChatGenerationChunk({ text, generationInfo, message: new AIMessageChunk(text) }),
      ),
    anyText.map((text) => new StringPromptValue(text)),
    anyText.map((url) => new ImagePromptValue({ url, detail: 'low' })),
    fc.array(anyMessage(value), { maxLength: 2 }).map((messages) => new ChatPromptValue(messages)),
    fc.constantFrom('{x} and {y}', 'plain', '').map((text) => PromptTemplate.fromTemplate(text)),
    fc
      .constantFrom('x', 'y')
      .map((name) =>
        ChatPromptTemplate.fromMessages([
          ['system', `{${name}}`],
          ['human', '{z}'],
          ['ai', 'ok'],
          new MessagesPlaceholder('history'),
        ]),
      ),
  )
}
