/** A function of sql/functions, declared once: its name and its parameters, in order. Statements are built from that. */
import { quoteIdentifier } from './identifier.ts'

export type SqlType = 'text' | 'text[]' | 'integer' | 'integer[]' | 'bigint' | 'json' | 'jsonb' | 'bytea'

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
 * The statement that calls a function so many times, and gives one row with `answer_0`, `answer_1` … Only functions with one
 * value can be called more than once. No casts: each function has one form, which gives the parameters their types, and 17
 * casts cost 20 µs a call.
 * @param lockTimeoutMs for this statement alone; Postgres evaluates a select list from left to right
 */
export function statementFor(called: AnyFunction, schema: string, calls = 1, lockTimeoutMs?: number): string {
  const count = Object.keys(called.parameters).length
  const call = (first: number) => {
    const numbered = Array.from({ length: count }, (_, i) => `$${first + i}`)
    return `${quoteIdentifier(schema)}.${called.name}(${numbered.join(', ')})`
  }
  if (called.answers === 'parts') return `select name, body, bytes from ${call(1)}`
  const columns = Array.from({ length: calls }, (_, i) => `${call(1 + i * count)} as answer_${i}`)
  if (lockTimeoutMs !== undefined) columns.unshift(`pg_catalog.set_config('lock_timeout', '${lockTimeoutMs}ms', true)`)
  return `select ${columns.join(', ')}`
}
