import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesWire, parseWire, stringifyValue } from '../../../src/codec/value.ts'
import { UnserializableValueError } from '../../../src/errors.ts'
import { anyValue } from '../../support/any-value.ts'
import { type Mutation, mutationsOf } from '../../support/mutations.ts'
import { textOrNothing } from '../../support/through-text.ts'

test('a change in place is noticed at any depth in a value of any kind', () => {
  let changed = 0
  fc.assert(
    fc.property(anyValue, fc.nat(), (value, choice) => {
      const before = stringifyValue(value, '$')
      const mutations = mutationsOf(value)
      const mutation = mutations[choice % mutations.length]
      if (mutation === undefined) return
      mutation.apply()
      const after = textOrNothing(value)
      if (after !== before) changed += 1
      const matches = matchesWire(value, parseWire(before))
      if (matches !== (after === before)) throw new Error(`${mutation.what} in ${before}`)
    }),
    // A changed value is no start for shrinking.
    { numRuns: 20_000, endOnFailure: true },
  )
  expect(changed).toBeGreaterThan(5_000)
})

test('values match exactly the trees of equal values', () => {
  fc.assert(
    fc.property(anyValue, anyValue, (one, other) => {
      const text = stringifyValue(one, '$')
      expect(matchesWire(other, parseWire(text))).toBe(stringifyValue(other, '$') === text)
    }),
    { numRuns: 5_000 },
  )
})

describe('every single change to a message is noticed', () => {
  const messages = {
    human: () =>
      new HumanMessage({
        content: [
          { type: 'text', text: 'hi' },
          { type: 'image_url', image_url: { url: 'u' } },
        ],
        id: '1',
      }),
    ai: () =>
      new AIMessage({
        content: 'text',
        id: '2',
        name: 'bot',
        tool_calls: [{ name: 'search', args: { query: { deep: ['q'] } }, id: 'c1', type: 'tool_call' }],
        invalid_tool_calls: [{ name: 'x', args: '{', id: 'c2', error: 'e', type: 'invalid_tool_call' }],
        additional_kwargs: { reasoning: { summary: [{ text: 's' }] } },
        response_metadata: { usage: { total: 3, nested: [{ a: null }] }, finish_reason: 'stop' },
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3, input_token_details: { audio: 1 } },
      } as never),
    v1: () => new AIMessage({ contentBlocks: [{ type: 'text', text: 'hi' }], response_metadata: { a: { b: 1 } } }),
    tool: () =>
      new ToolMessage({
        content: 'c',
        tool_call_id: 'c1',
        artifact: { rows: [[1, 2]] },
        status: 'success',
        metadata: { m: [0] },
      }),
    spread: () =>
      new HumanMessage(
        Object.assign({}, new HumanMessage({ content: 'old', additional_kwargs: { k: [1] } }), { content: 'new' }),
      ),
  }
  test.for(Object.entries(messages))('%s', ([, make]) => {
    const text = stringifyValue(make(), '$')
    const found = mutationsOf(make()).map((_, index) => {
      const message = make()
      const mutation = mutationsOf(message)[index] as Mutation
      mutation.apply()
      return {
        what: mutation.what,
        changed: textOrNothing(message) !== text,
        matches: matchesWire(message, parseWire(text)),
      }
    })
    expect(found.length).toBeGreaterThan(15)
    expect(found.filter(({ changed, matches }) => changed === matches)).toEqual([])
    // A field that is undefined anyway, and the symbol of the class, come back when they were deleted.
    const restored = /(id|name|status|artifact|metadata|usage_metadata|Symbol\(langchain\.message\)) deleted$/
    expect(found.filter(({ what, changed }) => !changed && !restored.test(what))).toEqual([])
  })
})

test('a value that cannot be stored matches nothing', () => {
  for (const value of [
    () => 1,
    Symbol('s'),
    new (class Foo {
      field = 1
    })(),
    Promise.resolve(),
    new Proxy(new Map(), {}),
  ]) {
    expect(matchesWire(value, {})).toBe(false)
    expect(matchesWire({ a: value }, { a: {} })).toBe(false)
    expect(matchesWire([value], [null])).toBe(false)
  }
  const cycle: unknown[] = []
  cycle.push(cycle)
  expect(matchesWire(cycle, [[[]]])).toBe(false)
})

test('a user object that looks like a marker does not match the marker', () => {
  expect(matchesWire({ $undefined: true }, parseWire(stringifyValue(undefined, '$')))).toBe(false)
  expect(matchesWire(undefined, parseWire(stringifyValue({ $undefined: true }, '$')))).toBe(false)
  expect(matchesWire({ $$a: 1 }, parseWire(stringifyValue({ $a: 1 }, '$')))).toBe(false)
  expect(matchesWire({ $a: 1 }, parseWire(stringifyValue({ $$a: 1 }, '$')))).toBe(false)
})

test('hostile trees are compared without an error', () => {
  for (const wire of [
    null,
    [],
    {},
    { $message: 1 },
    { $message: [] },
    { $message: ['HumanMessage', null] },
    { $date: {} },
    [undefined],
  ]) {
    expect(matchesWire(new HumanMessage('x'), wire)).toBe(false)
    expect(matchesWire(new Date(0), wire)).toBe(false)
  }
})

test('properties that no text can hold are not compared, because writing refuses them', () => {
  const message = new HumanMessage('x')
  const wire = parseWire(stringifyValue(message, '$'))
  Object.assign(message, { [Symbol('s')]: 1 })
  expect(matchesWire(message, wire)).toBe(true)
  expect(() => stringifyValue(message, '$')).toThrow(UnserializableValueError)
})
