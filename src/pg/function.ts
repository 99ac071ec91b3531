/** A function of sql/functions, declared once: its name and its parameters, in order. Statements are built from that. */
import { quoteIdentifier } from './identifier.ts'

export type SqlType = 'text' | 'text[]' | 'integer' | 'integer[]' | 'bigint' | 'json' | 'jsonb[]' | 'bytea'

/**
 * - `json` one value, a JSON text; called in the select list, alone or with other calls of the same function
 * - `jsons` a row with a JSON text for each result; called in the select list
 * - `parts` rows with the columns name, body and bytes
 */
export type AnswerForm = 'json' | 'jsons' | 'parts'

/** @typeParam Args its arguments by name, as node-postgres takes them @typeParam Answer what its JSON texts parse to */
export interface PgFunction<Args, Answer = never> {
  readonly name: string
  readonly answers: AnswerForm
  /** In the order in which the function declares them, there with `p_` in front. */
  readonly parameters: Readonly<Record<keyof Args & string, SqlType>>
  /** Only for the type. */
  readonly answer?: Answer
}

/** A function whose arguments are in order already. */
export type AnyFunction = Pick<PgFunction<Record<string, unknown>>, 'name' | 'answers' | 'parameters'>

/** In the order of the parameters. */
export function argumentList<Args>({ parameters }: PgFunction<Args, unknown>, args: Args): unknown[] {
  return Object.keys(parameters).map((name) => args[name as keyof Args])
}

/**
 * The statement that calls a function; its answer is the column with the function's name. No casts: each function has one
 * form, which gives the parameters their types, and 17 casts cost 20 µs a call.
 */
export function statementFor(called: AnyFunction, schema: string): string {
  const columns = called.answers === 'parts' ? 'name,body,bytes from ' : ''
  return `select ${columns}${callOf(called, schema, 1)}`
}

/**
 * The statement that calls a function with one value so many times, and gives one row with `answer_0`, `answer_1` …
 * @param lockTimeoutMs for this statement alone; Postgres evaluates a select list from left to right
 */
export function mergedStatementFor(called: AnyFunction, schema: string, calls: number, lockTimeoutMs: number): string {
  const count = Object.keys(called.parameters).length
  const columns = Array.from({ length: calls }, (_, i) => `${callOf(called, schema, 1 + i * count)} as answer_${i}`)
  return `select pg_catalog.set_config('lock_timeout','${lockTimeoutMs}ms',true),${columns.join(',')}`
}

/** @param first the number of the first parameter */
function callOf({ name, parameters }: AnyFunction, schema: string, first: number): string {
  const numbered = Object.keys(parameters).map((_, i) => `$${first + i}`)
  return `${quoteIdentifier(schema)}.${name}(${numbered.join(',')})`
}
