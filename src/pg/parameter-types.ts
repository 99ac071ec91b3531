/** The types of parameters of sql/functions: Postgres's own, and groups of parameters that travel together. */

/** What node-postgres takes for each. */
interface SqlValues {
  text: string
  'text[]': readonly string[]
  integer: number
  'integer[]': readonly number[]
  bigint: number
  /** JSON texts. */
  json: string
  'jsonb[]': readonly string[]
  bytea: Buffer
}

export type SqlType = keyof SqlValues

/** A type that takes null, too, says so. */
export type ParameterType = SqlType | `${SqlType} null`

/** In the order in which functions declare them. */
export const GROUPS = {
  /** In which generation the writer's run began, and on which one its knowledge of stored parts rests. */
  Generations: { run_generation: 'bigint null', generation: 'bigint null' },
  /** The commits on which that knowledge rests. */
  Proofs: { proof: 'text[] null', write_proof: 'text[] null', more_proofs: 'json null' },
  /** Parts as they travel: see part-blob.ts. */
  Parts: { names: 'text[]', offsets: 'integer[]', blob: 'bytea null' },
} as const

export type GroupName = keyof typeof GROUPS

/** The value of one parameter, or of a group of them by name. */
export type ValueOf<Type> = Type extends GroupName
  ? { readonly [Name in keyof (typeof GROUPS)[Type]]: ValueOf<(typeof GROUPS)[Type][Name]> }
  : Type extends `${infer Some extends SqlType} null`
    ? SqlValues[Some] | null
    : Type extends SqlType
      ? SqlValues[Type]
      : never

export function isGroup(type: string): type is GroupName {
  return Object.hasOwn(GROUPS, type)
}

export function withoutNull(type: ParameterType): SqlType {
  return type.replace(/ null$/, '') as SqlType
}
