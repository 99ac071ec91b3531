/**
 * A function of sql/functions, declared once: its name, what it answers, and its parameters in order. The types of its
 * arguments and answers follow from that, and statements are built from it.
 */
import { quoteIdentifier } from './identifier.ts'
import { GROUPS, isGroup, type GroupName, type ParameterType, type SqlType, type ValueOf } from './parameter-types.ts'

/**
 * - `json` one value, a JSON text; called in the select list, alone or with other calls of the same function
 * - `jsons` a row with a JSON text for each result; called in the select list
 * - `parts` rows with the columns name, body and bytes
 */
type AnswerForm = 'json' | 'jsons' | 'parts'

/** The form `json`, and what the text parses to. */
export type Json<Answer> = 'json' & { readonly parsed?: Answer }
/** The form `jsons`, and what each text parses to. */
export type Jsons<Answer> = 'jsons' & { readonly parsed?: Answer }

/** A declaration is a constant of this form, `as const`. */
export interface PgFunction<Form extends AnswerForm = AnswerForm> {
  readonly name: string
  readonly answers: Form
  /** In the order in which the function declares them, there with `p_` in front; a group is several. */
  readonly parameters: Readonly<Record<string, ParameterType | GroupName>>
}

/** The arguments of a call, by name. */
export type ArgumentsOf<Called extends PgFunction> = {
  readonly [Name in keyof Called['parameters']]: ValueOf<Called['parameters'][Name]>
}

/** What a JSON text that the function answers parses to. */
export type AnswerOf<Called extends PgFunction> = Called['answers'] extends { readonly parsed?: infer Answer }
  ? Answer
  : never

/** The parameters as the database has them: name, without `p_`, and type. */
export function sqlParametersOf({ parameters }: PgFunction): readonly (readonly [name: string, type: SqlType])[] {
  const flat = Object.entries(parameters).flatMap(([name, type]): (readonly [string, ParameterType])[] =>
    isGroup(type) ? Object.entries(GROUPS[type]) : [[name, type]],
  )
  return flat.map(([name, type]) => [name, type.replace(/ null$/, '') as SqlType])
}

/** In the order of the parameters. */
export function argumentList<Called extends PgFunction>(called: Called, args: ArgumentsOf<Called>): unknown[] {
  const list: unknown[] = []
  for (const [name, type] of Object.entries(called.parameters)) {
    const value: unknown = args[name]
    if (isGroup(type))
      for (const member of Object.keys(GROUPS[type])) list.push((value as Record<string, unknown>)[member])
    else list.push(value)
  }
  return list
}

/**
 * The statement that calls a function; its answer is the column with the function's name. No casts: each function has one
 * form, which gives the parameters their types, and 17 casts cost 20 µs a call.
 */
export function statementFor(called: PgFunction, schema: string): string {
  const columns = called.answers === 'parts' ? 'name,body,bytes from ' : ''
  return `select ${columns}${callOf(called, schema, 1)}`
}

/**
 * The statement that calls a function with one value so many times, and gives one row with `answer_0`, `answer_1` …
 * @param lockTimeoutMs for this statement alone; Postgres evaluates a select list from left to right
 */
export function mergedStatementFor(called: PgFunction, schema: string, calls: number, lockTimeoutMs: number): string {
  const count = sqlParametersOf(called).length
  const columns = Array.from({ length: calls }, (_, i) => `${callOf(called, schema, 1 + i * count)} as answer_${i}`)
  return `select pg_catalog.set_config('lock_timeout','${lockTimeoutMs}ms',true),${columns.join(',')}`
}

/** @param first the number of the first parameter */
function callOf(called: PgFunction, schema: string, first: number): string {
  const numbered = sqlParametersOf(called).map((_, i) => `$${first + i}`)
  return `${quoteIdentifier(schema)}.${called.name}(${numbered.join(',')})`
}
