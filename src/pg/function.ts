/**
 * A function of sql/functions, declared once: its name, what it answers, and its parameters in order. The types of its
 * arguments and answers follow from that, and statements are built from it.
 */
import { quoteIdentifier } from './identifier.ts'
import {
  GROUPS,
  isGroup,
  withoutNull,
  type GroupName,
  type ParameterType,
  type SqlType,
  type ValueOf,
} from './parameter-types.ts'

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

/** A parameter as the database has it, there with `p_` in front. */
interface SqlParameter {
  readonly name: string
  readonly type: SqlType
  /** The argument that it is a member of. */
  readonly group: string | undefined
}

/** Once for each declaration: a put has 19 parameters, and is called thousands of times a second. */
const parametersOf = new WeakMap<PgFunction, readonly SqlParameter[]>()

/** The parameters in order, with groups taken apart. */
export function sqlParametersOf(called: PgFunction): readonly SqlParameter[] {
  let found = parametersOf.get(called)
  if (found === undefined) parametersOf.set(called, (found = Object.entries(called.parameters).flatMap(sqlParameters)))
  return found
}

function sqlParameters([name, type]: readonly [string, ParameterType | GroupName]): readonly SqlParameter[] {
  if (!isGroup(type)) return [{ name, type: withoutNull(type), group: undefined }]
  return Object.entries(GROUPS[type]).map(([member, of]) => ({ name: member, type: withoutNull(of), group: name }))
}

/** In the order of the parameters. */
export function argumentList<Called extends PgFunction>(called: Called, args: ArgumentsOf<Called>): unknown[] {
  const values = args as Readonly<Record<string, unknown>>
  return sqlParametersOf(called).map(({ name, group }) =>
    group === undefined ? values[name] : (values[group] as Readonly<Record<string, unknown>>)[name],
  )
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
