/** Calls of SQL functions, as they follow from a declaration. The lines with `@ts-expect-error` are checked by the compiler. */
import {
  argumentList,
  mergedStatementFor,
  sqlParametersOf,
  statementFor,
  type AnswerOf,
  type ArgumentsOf,
  type Json,
  type Jsons,
} from '../../../src/pg/function.ts'

const store = {
  name: 'store_1',
  answers: 'json' as Json<readonly [verdict: string, seq: number]>,
  parameters: { thread: 'text', owner: 'text null', generations: 'Generations', steps: 'integer[]' },
} as const
const listed = { name: 'list_1', answers: 'jsons' as Jsons<string>, parameters: { thread: 'text' } } as const
const parts = { name: 'parts_1', answers: 'parts', parameters: { thread: 'text' } } as const

const generations = { generation: 2, run_generation: 1 }
const whole: ArgumentsOf<typeof store> = { steps: [3], generations, owner: null, thread: 't' }

test('arguments go in the order of the declaration, those of a group in the order of the group', () => {
  expect(argumentList(store, whole)).toStrictEqual(['t', null, 1, 2, [3]])
})

test('the parameters of the database are those of the declaration, with groups taken apart', () => {
  expect(sqlParametersOf(store)).toStrictEqual([
    { name: 'thread', type: 'text', group: undefined },
    { name: 'owner', type: 'text', group: undefined },
    { name: 'run_generation', type: 'bigint', group: 'generations' },
    { name: 'generation', type: 'bigint', group: 'generations' },
    { name: 'steps', type: 'integer[]', group: undefined },
  ])
})

test('a statement has a placeholder for each parameter', () => {
  expect(statementFor(store, 'a "b"')).toBe('select "a ""b""".store_1($1,$2,$3,$4,$5)')
  expect(statementFor(listed, 'a')).toBe('select "a".list_1($1)')
  expect(statementFor(parts, 'a')).toBe('select name,body,bytes from "a".parts_1($1)')
  expect(mergedStatementFor(store, 'a', 2, 100)).toBe(
    `select pg_catalog.set_config('lock_timeout','100ms',true),"a".store_1($1,$2,$3,$4,$5) as answer_0,"a".store_1($6,$7,$8,$9,$10) as answer_1`,
  )
})

test('types of arguments and answers follow from the declaration', () => {
  const answer: AnswerOf<typeof store> = ['stored', 1]
  const text: AnswerOf<typeof listed> = 'row'
  expect([answer, text]).toStrictEqual([['stored', 1], 'row'])
  // @ts-expect-error -- an argument is missing
  argumentList(store, { steps: [3], generations, thread: 't' })
  // @ts-expect-error -- one of a group is missing
  argumentList(store, { ...whole, generations: { generation: 2 } })
  // @ts-expect-error -- one that the function does not take
  argumentList(store, { steps: [3], generations, owner: null, thread: 't', other: 1 })
  // @ts-expect-error -- null for a parameter that is not declared to take it
  argumentList(store, { ...whole, thread: null })
  // @ts-expect-error -- of another type
  argumentList(store, { ...whole, steps: ['3'] })
  // @ts-expect-error -- an answer of another type
  const wrong: AnswerOf<typeof store> = ['stored', '1']
  expect(wrong).toHaveLength(2)
})
