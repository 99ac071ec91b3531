import {
  MAX_ID_BYTES,
  MAX_NAMESPACE_BYTES,
  checkpointIdOf,
  namespaceOf,
  parseAddress,
  requireId,
  toConfig,
} from '../../src/address.ts'
import { InvalidInputError } from '../../src/errors.ts'

const errorOf = (work: () => unknown): InvalidInputError => {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError)
    return error as InvalidInputError
  }
  throw new Error('nothing was thrown')
}

test('an address holds the three keys of a config and nothing else', () => {
  const configurable = { thread_id: 't', checkpoint_ns: 'n', checkpoint_id: 'c', user: 'x' }
  expect(parseAddress({ configurable })).toStrictEqual({ threadId: 't', ns: 'n', checkpointId: 'c' })
  expect(toConfig({ threadId: 't', ns: 'n', checkpointId: 'c' })).toStrictEqual({
    configurable: { thread_id: 't', checkpoint_ns: 'n', checkpoint_id: 'c' },
  })
})

test('the namespace is the root and the checkpoint is the head, unless they are given', () => {
  for (const more of [
    {},
    { checkpoint_ns: undefined, checkpoint_id: undefined },
    { checkpoint_ns: '', checkpoint_id: '' },
  ]) {
    expect(parseAddress({ configurable: { thread_id: 't', ...more } })).toStrictEqual({
      threadId: 't',
      ns: '',
      checkpointId: undefined,
    })
  }
})

test.each([
  ['null', null, 'null'],
  ['a number', 42, 'number'],
  ['NaN', Number.NaN, 'number'],
  ['a boolean', true, 'boolean'],
  ['a bigint', 1n, 'bigint'],
  ['an array', ['secret'], 'array'],
  ['an object', { secret: 1 }, 'object'],
  ['a boxed string', Object('secret'), 'object'],
  ['an object with toString', { toString: () => 'secret' }, 'object'],
  ['a function', () => 'secret', 'function'],
  ['a symbol', Symbol('secret'), 'symbol'],
  ['an empty string', '', 'an empty string'],
])('%s as a thread id is refused with its kind in the error', (_, id, kind) => {
  const error = errorOf(() => parseAddress({ configurable: { thread_id: id } }))
  expect(error.code).toBe('INVALID_INPUT')
  expect(error.field).toBe('configurable.thread_id')
  expect(error.message).toContain(`got ${kind}.`)
  expect(error.message).not.toContain('secret')
})

test('a thread id that is missing is refused with an example', () => {
  expect(errorOf(() => parseAddress({})).message).toMatch(/^configurable\.thread_id is missing\. .*graph\.invoke\(/)
})

test.each([
  ['NUL', 'a\0secret', 'U+0000'],
  ['a lone high surrogate', 'secret\ud800', 'lone surrogate'],
  ['a lone low surrogate', '\udc00secret', 'lone surrogate'],
  ['a byte order mark in front', '\ufeffsecret', 'U+FEFF'],
  ['too many bytes', `secret${'x'.repeat(MAX_ID_BYTES)}`, `at most ${MAX_ID_BYTES} bytes`],
  ['too many bytes of few characters', 'é'.repeat(MAX_ID_BYTES / 2 + 1), `at most ${MAX_ID_BYTES} bytes`],
])('an id with %s is refused and not repeated in the error', (_, id, said) => {
  for (const field of ['configurable.thread_id', 'taskId']) {
    const error = errorOf(() => requireId(field, id))
    expect(error.field).toBe(field)
    expect(error.message).toContain(said)
    expect(error.message).not.toMatch(/secret|éé/)
  }
})

test('ids up to the limit are accepted, whatever their characters', () => {
  for (const id of [
    'x'.repeat(MAX_ID_BYTES),
    'é'.repeat(MAX_ID_BYTES / 2),
    '\u{1f600}',
    ' ',
    'a|b:c',
    '__proto__',
    "'; drop table",
    'a\ufeff',
    '\n',
  ]) {
    expect(requireId('id', id)).toBe(id)
  }
  expect(namespaceOf({ configurable: { checkpoint_ns: 'x'.repeat(MAX_NAMESPACE_BYTES) } })).toHaveLength(
    MAX_NAMESPACE_BYTES,
  )
  expect(
    errorOf(() => namespaceOf({ configurable: { checkpoint_ns: 'x'.repeat(MAX_NAMESPACE_BYTES + 1) } })).field,
  ).toBe('configurable.checkpoint_ns')
})

test('a checkpoint id of null means the head, and values of other types are refused', () => {
  expect(checkpointIdOf({ configurable: { checkpoint_id: null } })).toBeUndefined()
  for (const id of [0, false, 1n, [], {}, ['x']]) {
    expect(errorOf(() => checkpointIdOf({ configurable: { checkpoint_id: id } })).field).toBe(
      'configurable.checkpoint_id',
    )
  }
})
