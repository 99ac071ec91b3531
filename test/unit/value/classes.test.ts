/** Instances of classes in a state: what is kept of them, what is told about it, and how people get them back. */
import { channel } from 'node:diagnostics_channel'
import { ObjectId } from 'bson'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import dayjs from 'dayjs'
import { Decimal } from 'decimal.js'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type ClassCodec,
  DEFAULT_VALUE_LIMITS,
  LosslessSerializer,
  matchesWire,
  parseWire,
  reviveWire,
  stringifyValue,
} from '../../../src/codec/value.ts'
import { InMemoryCheckpointer, OptionsError, UnreadableValueError } from '../../../src/index.ts'
import { TestThread } from '../../support/checkpoints.ts'
import { mutationsOf } from '../../support/mutations.ts'
import { difference } from '../../support/strict-equal.ts'

const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
beforeEach(() => void warnings.mockClear())

/** The value as it comes back; it must match its own text, or else it would be stored again at each put. */
function throughText(value: unknown, rules = DEFAULT_VALUE_LIMITS): unknown {
  const wire = parseWire(stringifyValue(value, '$', rules))
  expect(matchesWire(value, wire, rules)).toBe(true)
  return reviveWire(wire, rules)
}

class ApiError extends Error {
  readonly status: number
  readonly headers = new Headers({ 'x-request-id': 'r1' })
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.name = 'ApiError'
  }
}

/** As the SDKs of OpenAI and Anthropic add the request's id to what they parsed. */
function sdkResponse(): object {
  const parsed = { id: 'chatcmpl-1', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' } }] }
  return Object.defineProperty(parsed, '_request_id', { value: 'req_1', enumerable: false })
}

/** As mysql2 makes a row: its constructor is a property of the row. */
function mysqlRow(): object {
  return Object.defineProperty({ id: 1, name: 'Ada' }, 'constructor', {
    value: { name: 'TextRow' },
    enumerable: false,
    configurable: true,
  })
}

describe('data of an object literal', () => {
  test.for<[string, () => object, unknown]>([
    [
      'a response of an SDK',
      sdkResponse,
      { id: 'chatcmpl-1', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' } }] },
    ],
    ['a row of mysql2', mysqlRow, { id: 1, name: 'Ada' }],
    ['one with a hidden toJSON', () => Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'no' }), { a: 1 }],
    ['a hidden symbol', () => Object.defineProperty({ a: 1 }, Symbol('s'), { value: 1 }), { a: 1 }],
    ['a list with a hidden property', () => Object.defineProperty([1], 'total', { value: 9 }), [1]],
    ['a list with a hidden toJSON', () => Object.defineProperty([1], 'toJSON', { value: () => 'no' }), [1]],
  ])('%s is what is enumerable, and nothing is said', ([, make, data]) => {
    expect(difference(throughText(make()), data)).toBeUndefined()
    expect(stringifyValue(make(), '$')).toBe(JSON.stringify(data))
    expect(warnings).not.toHaveBeenCalled()
  })

  test('of a message: a raw response in it, and a hidden property of its own', () => {
    const message = new AIMessage({ content: 'Hi', additional_kwargs: { __raw_response: sdkResponse() } })
    Object.defineProperty(message, 'trace', { value: 1, enumerable: false })
    const revived = throughText(message) as AIMessage
    expect(revived).toBeInstanceOf(AIMessage)
    expect(revived.additional_kwargs['__raw_response']).toStrictEqual({ ...sdkResponse() })
  })

  test('a hidden property that becomes visible in a remembered object is noticed', async () => {
    const thread = new TestThread(new InMemoryCheckpointer())
    const row = mysqlRow()
    const filler = { text: 'x'.repeat(100) }
    await thread.put({ rows: [row, filler] })
    Object.defineProperty(row, 'constructor', { value: 'seen', enumerable: true, configurable: true })
    await thread.put({ rows: [row, filler] })
    expect(await thread.values()).toStrictEqual({ rows: [{ id: 1, name: 'Ada', constructor: 'seen' }, filler] })
  })
})

describe('built-in classes of the web', () => {
  test.for<[string, () => object]>([
    ['DOMException', () => new DOMException('gone', 'AbortError')],
    ['URLSearchParams', () => new URLSearchParams('a=1&a=2&b=%26')],
    [
      'Headers',
      () =>
        new Headers([
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['x', 'y'],
        ]),
    ],
  ])('%s comes back as itself', ([, make]) => {
    const revived = throughText(make())
    expect(Object.getPrototypeOf(revived)).toBe(Object.getPrototypeOf(make()))
    expect(stringifyValue(revived, '$')).toBe(stringifyValue(make(), '$'))
    expect(stringifyValue(make(), '$', { ...DEFAULT_VALUE_LIMITS, unknownClasses: 'reject' })).toContain('{"$')
  })

  test('headers are all there', () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    expect((throughText(headers) as Headers).getSetCookie()).toStrictEqual(['a=1', 'b=2'])
  })

  test('an exception of an abort that timed out keeps its cause', () => {
    const error = Object.defineProperty(new DOMException('late', 'TimeoutError'), 'cause', { value: new Error('why') })
    const revived = throughText(error) as DOMException
    expect([revived.name, revived.message, revived.code]).toStrictEqual(['TimeoutError', 'late', 23])
    expect((revived.cause as Error).message).toBe('why')
  })
})

describe('a subclass of Error', () => {
  test('comes back as an error of its nearest built-in class, with its name, message, cause and fields', () => {
    const error = new ApiError('too many', 429, { cause: new RangeError('quota') })
    const revived = throughText(error) as ApiError
    expect(Object.getPrototypeOf(revived)).toBe(Error.prototype)
    expect([revived.name, revived.message, revived.status]).toStrictEqual(['ApiError', 'too many', 429])
    expect(revived.headers.get('x-request-id')).toBe('r1')
    expect(revived.cause).toStrictEqual(new RangeError('quota'))
  })

  test.for<[string, () => Error, object, string]>([
    [
      'whose prototype has the name',
      () =>
        new (class extends TypeError {
          override get name(): string {
            return 'Odd'
          }
        })('m'),
      TypeError.prototype,
      'Odd',
    ],
    [
      'without a name of its own',
      () => new (class Failure extends SyntaxError {})('m'),
      SyntaxError.prototype,
      'SyntaxError',
    ],
    [
      'of several errors',
      () => new (class Many extends AggregateError {})([1], 'm'),
      AggregateError.prototype,
      'AggregateError',
    ],
    [
      'made as before classes',
      () => Object.assign(Object.create(RangeError.prototype) as Error, { message: 'm' }),
      RangeError.prototype,
      'RangeError',
    ],
  ])('%s', ([, make, prototype, name]) => {
    const revived = throughText(make()) as Error
    expect(Object.getPrototypeOf(revived)).toBe(prototype)
    expect([revived.name, revived.message]).toStrictEqual([name, 'm'])
  })
})

class Point {
  readonly x: number
  #secret = 1
  constructor(x: number) {
    this.x = x
  }
  get double(): number {
    return this.x * 2 + this.#secret
  }
}
class Money extends Number {}
class Box {
  readonly inner: unknown
  constructor(inner: unknown) {
    this.inner = inner
  }
  toJSON(): unknown {
    return this.inner
  }
}
class Self {
  readonly a = 1
  toJSON(): this {
    return this
  }
}
class Dollar {
  readonly $date = 'x'
}
class Greeting extends HumanMessage {
  readonly tone = 'warm'
}
class Bag extends Map<string, number> {}
class Tags extends Set<string> {}
class Moment extends Date {}
class List extends Array<unknown> {}
class Packet extends Uint8Array {}

describe('an instance of an unknown class is kept as its data', () => {
  test.for<[string, () => unknown, unknown]>([
    ['an ObjectId of bson', () => new ObjectId('65a1b2c3d4e5f60718293a4b'), '65a1b2c3d4e5f60718293a4b'],
    ['a Decimal, as Prisma has them', () => new Decimal('12.30'), '12.3'],
    ['a dayjs', () => dayjs('2026-01-02T03:04:05.000Z'), '2026-01-02T03:04:05.000Z'],
    ['own enumerable properties', () => new Point(2), { x: 2 }],
    ['one that looks like a marker', () => new Dollar(), { $date: 'x' }],
    ['instances within instances', () => new Box({ at: new Box([new Point(1)]) }), { at: [{ x: 1 }] }],
    ['a toJSON that gives a Map', () => new Box(new Map([[1, undefined]])), new Map([[1, undefined]])],
    ['a toJSON that gives undefined', () => new Box(undefined), undefined],
    ['a toJSON that gives the instance', () => new Self(), { a: 1 }],
    [
      'an object made from another',
      () => Object.assign(Object.create({ inherited: 1 }) as object, { own: 2 }),
      { own: 2 },
    ],
    ['a subclass of Map', () => new Bag([['a', 1]]), new Map([['a', 1]])],
    ['a subclass of Set', () => new Tags(['a']), new Set(['a'])],
    ['a subclass of Date', () => new Moment(5), new Date(5)],
    ['a subclass of Array', () => List.from([1, { a: 2 }]), [1, { a: 2 }]],
    ['a subclass of bytes', () => Packet.of(1, 2), Uint8Array.of(1, 2)],
    ['a boxed number', () => new Money(3), 3],
    ['a boxed string', () => new String('s'), 's'],
    ['a Proxy of an object', () => new Proxy({ a: { b: 1 } }, {}), { a: { b: 1 } }],
    ['a Proxy of a list', () => new Proxy([1, 2], {}), [1, 2]],
  ])('%s', ([, make, data]) => {
    expect(difference(throughText(make()), data)).toBeUndefined()
    expect(difference(throughText([{ deep: make() }]), [{ deep: data }])).toBeUndefined()
  })

  test('a subclass of a message comes back as the message, with its own fields', () => {
    const revived = throughText(new Greeting({ content: 'hi', id: '1' })) as Greeting
    expect(Object.getPrototypeOf(revived)).toBe(HumanMessage.prototype)
    expect([revived.content, revived.id, revived.tone]).toStrictEqual(['hi', '1', 'warm'])
  })

  test.for<[string, () => unknown, string, string]>([
    ['a toJSON that gives a function', () => new Box(() => 1), 'function', '$.a'],
    ['a toJSON that gives a promise in an object', () => new Box({ p: Promise.resolve() }), 'Promise', '$.a.p'],
    [
      'a toJSON that throws',
      () =>
        new (class Bad {
          toJSON(): never {
            throw new Error('no')
          }
        })(),
      'value that throws when it is read',
      '$.a',
    ],
    [
      'a toJSON that never ends',
      () =>
        new (class Endless {
          toJSON(): object {
            return { next: this }
          }
        })(),
      'cycle',
      '$.a.next',
    ],
    [
      'a method as a property',
      () =>
        new (class Handler {
          handle = () => 1
        })(),
      'function',
      '$.a.handle',
    ],
    ['a Proxy of a Map', () => new Proxy(new Map([[1, 1]]), {}), 'Proxy', '$.a'],
  ])('but not %s', ([, make, kind, path]) => {
    expect(() => stringifyValue({ a: make() }, '$')).toThrow(
      expect.objectContaining({ code: 'UNSERIALIZABLE_VALUE', kind, path }),
    )
    expect(matchesWire({ a: make() }, { a: {} })).toBe(false)
  })

  test('a change in place is noticed, whatever class it is in', () => {
    const makers = [
      () => new Point(1),
      () => new Box({ a: [1] }),
      () => new Bag([['a', 1]]),
      () => new Tags(['a']),
      () => List.from([1, 2]),
      () => new ApiError('m', 1),
      () => new Moment(1),
      () => new Greeting('hi'),
    ]
    for (const make of makers) {
      const wire = parseWire(stringifyValue([make()], '$'))
      for (let at = 0; at < mutationsOf(make()).length; at++) {
        const value = make()
        mutationsOf(value)[at]?.apply()
        let isSame: boolean
        try {
          isSame = difference(parseWire(stringifyValue([value], '$')), wire) === undefined
        } catch {
          isSame = false
        }
        expect(matchesWire([value], wire)).toBe(isSame)
      }
    }
  })
})

describe('registered classes', () => {
  const decimal: ClassCodec<Decimal, string> = {
    name: 'Decimal',
    matches: (value) => value instanceof Decimal,
    toData: (value) => value.toString(),
    fromData: (text) => new Decimal(text),
  }
  const box: ClassCodec<Box> = {
    name: 'app/Box',
    matches: (value) => value instanceof Box,
    toData: ({ inner }) => inner,
    fromData: (inner) => new Box(inner),
  }
  const { rules } = new LosslessSerializer({ classes: [decimal, box] })

  test('come back as themselves, also inside one another, and nothing is said', () => {
    const value = new Box(new Map([['price', [new Decimal('1.5')]]]))
    const revived = throughText(value, rules) as Box
    expect(revived).toBeInstanceOf(Box)
    const [price] = (revived.inner as Map<string, Decimal[]>).get('price') ?? []
    expect(price).toBeInstanceOf(Decimal)
    expect(price?.toString()).toBe('1.5')
    expect(stringifyValue(new Decimal('1.5'), '$', rules)).toBe('{"$class":["Decimal","1.5"]}')
    expect(warnings).not.toHaveBeenCalled()
  })

  test('a change in place is noticed', () => {
    const value = new Box({ a: 1 })
    const wire = parseWire(stringifyValue(value, '$', rules))
    ;(value.inner as { a: number }).a = 2
    expect(matchesWire(value, wire, rules)).toBe(false)
  })

  test('one that is not registered where it is read is a typed error that names it', () => {
    const wire = parseWire(stringifyValue(new Decimal(1), '$', rules))
    expect(() => reviveWire(wire)).toThrow(UnreadableValueError)
    expect(() => reviveWire(wire)).toThrow(/"Decimal", which is not registered.*Pass "Decimal" in the option classes/)
  })

  test.for([
    '{"$class":["constructor",1]}',
    '{"$class":["__proto__",1]}',
    '{"$class":["Decimal"]}',
    '{"$class":["a b",1]}',
    '{"$class":{}}',
    '{"$class":[1,1]}',
  ])('a name in a row selects nothing else: %s', (text) => {
    expect(() => reviveWire(parseWire(text), rules)).toThrow(UnreadableValueError)
  })

  test('data that fromData does not take is a typed error with the cause', () => {
    expect(() => reviveWire(parseWire('{"$class":["Decimal",{"a":1}]}'), rules)).toThrow(
      expect.objectContaining({ code: 'UNREADABLE_VALUE', cause: expect.any(Error) as Error }),
    )
  })

  test('are not asked about what is stored by itself', () => {
    const matches = vi.fn<() => boolean>(() => true)
    const asked = new LosslessSerializer({ classes: [{ name: 'All', matches, toData: () => 1, fromData: () => 1 }] })
    const value = [{ a: 1 }, new Date(0), new Map(), new Error('x'), new HumanMessage('x'), new URLSearchParams()]
    expect(stringifyValue(value, '$', asked.rules)).toBe(stringifyValue(value, '$'))
    expect(matches).not.toHaveBeenCalled()
    stringifyValue(new Point(1), '$', asked.rules)
    expect(matches).toHaveBeenCalled()
  })

  test('a toData that gives the instance again is refused', () => {
    const { rules: circular } = new LosslessSerializer({ classes: [{ ...box, toData: (value: Box) => value }] })
    expect(() => stringifyValue(new Box(1), '$', circular)).toThrow(expect.objectContaining({ kind: 'cycle' }))
  })

  test.for<[string, readonly unknown[]]>([
    ['a name twice', [decimal, decimal]],
    ['no name', [{ ...decimal, name: '' }]],
    ['a name with spaces', [{ ...decimal, name: 'a b' }]],
    ['no fromData', [{ ...decimal, fromData: undefined }]],
    ['null', [null]],
  ])('%s is refused where it is registered', ([, classes]) => {
    expect(() => new InMemoryCheckpointer({ classes: classes as ClassCodec[] })).toThrow(OptionsError)
  })
})

describe('of a checkpointer', () => {
  test('an unknown class is told once, with its path, and counted', async () => {
    const told: unknown[] = []
    const listen = (lost: unknown) => told.push(lost)
    const lost = channel('langgraph-pg-checkpointer:class-lost')
    lost.subscribe(listen)
    try {
      const checkpointer = new InMemoryCheckpointer()
      const thread = new TestThread(checkpointer)
      const rows = Array.from({ length: 100 }, (_, i) => ({ i, at: i < 60 ? i : new Point(i) }))
      await thread.put({ rows, first: 1 })
      await thread.put({ rows: [...rows, new Point(7)] })
      await thread.put({ id: new ObjectId('65a1b2c3d4e5f60718293a4b') })
      expect(told).toStrictEqual([
        { className: 'Point', keptAs: 'plain data', path: 'channel_values.rows[60].at' },
        { className: 'ObjectId', keptAs: 'plain data', path: 'channel_values.id' },
      ])
      expect(checkpointer.stats().unknownClasses).toBe(2)
      expect(warnings).toHaveBeenCalledTimes(2)
      expect(warnings.mock.calls[0]).toStrictEqual([
        expect.stringMatching(/^channel_values\.rows\[60\]\.at is an instance of Point/),
        { type: 'CheckpointerWarning', code: 'LANGGRAPH_PG_CLASS_LOST' },
      ])
    } finally {
      lost.unsubscribe(listen)
    }
  })

  test("unknownClasses: 'reject' refuses them, registered ones come back", async () => {
    const classes: ClassCodec[] = [
      {
        name: 'Point',
        matches: (value) => value instanceof Point,
        toData: (point: Point) => point.x,
        fromData: (x: number) => new Point(x),
      },
    ]
    const thread = new TestThread(new InMemoryCheckpointer({ unknownClasses: 'reject', classes }))
    await thread.put({ point: new Point(3) })
    expect(((await thread.values())['point'] as Point).double).toBe(7)
    await expect(thread.put({ list: [new Box(1)] })).rejects.toMatchObject({
      code: 'UNSERIALIZABLE_VALUE',
      kind: 'class Box',
      path: 'channel_values.list[0]',
    })
  })

  test('an instance among many is stored again when it changed in place', async () => {
    const thread = new TestThread(new InMemoryCheckpointer())
    const rows = Array.from({ length: 200 }, (_, i) => ({ i, id: new Box({ n: i }) }))
    await thread.put({ rows })
    rows[150]!.id = new Box({ n: -1 })
    await thread.put({ rows })
    const read = (await thread.values())['rows'] as { id: { n: number } }[]
    expect(read.map(({ id }) => id.n)).toStrictEqual(rows.map(({ i }) => (i === 150 ? -1 : i)))
  })
})
