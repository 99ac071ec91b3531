/** The arguments of `list`, checked. */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { CheckpointListOptions } from '@langchain/langgraph-checkpoint'
import { checkpointIdOf, kindOf, parsePartialAddress } from '../address.ts'
import { toJsonbText } from '../codec/jsonb-text.ts'
import { containedForms, parseWire, stringifyValue } from '../codec/value.ts'
import { InvalidInputError } from '../errors.ts'

/** What `list` was asked for. */
export interface ListQuery {
  /** Undefined: all threads. */
  readonly threadId: string | undefined
  /** Undefined: all namespaces. */
  readonly ns: string | undefined
  readonly checkpointId: string | undefined
  /** Strictly before this checkpoint: by commit where a namespace asked for holds it, else by id. */
  readonly before: string | undefined
  /** JSON texts, of which metadata must contain one, as jsonb's `@>` means it. */
  readonly filters: readonly string[] | undefined
  readonly limit: number | undefined
}

export function parseListQuery(config: RunnableConfig, options: CheckpointListOptions | undefined): ListQuery {
  return {
    ...parsePartialAddress(config),
    before: options?.before === undefined ? undefined : checkpointIdOf(options.before),
    filters: parseFilter(options?.filter),
    limit: parseLimit(options?.limit),
  }
}

/** Each object of a filter that has one key, which starts with `$`, doubles what is looked for: six of them. */
const MAX_FORMS = 64

/** A key whose value is undefined does not filter (contract rule 22). */
function parseFilter(filter: unknown): string[] | undefined {
  if (filter === undefined) return undefined
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw new InvalidInputError('filter', `must be an object of metadata keys and values; got ${kindOf(filter)}.`)
  }
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return undefined
  const text = stringifyValue(Object.fromEntries(entries), 'filter')
  const forms = containedForms(parseWire(text), MAX_FORMS)
  if (forms.length > MAX_FORMS) {
    throw new InvalidInputError(
      'filter',
      'has more than six objects whose only key starts with "$". Leave some of them out.',
    )
  }
  return forms.map((form) => toJsonbText(JSON.stringify(form)))
}

function parseLimit(limit: unknown): number | undefined {
  if (limit === undefined) return undefined
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0) {
    throw new InvalidInputError(
      'limit',
      `must be a whole number of at least 0; got ${typeof limit === 'number' ? limit : kindOf(limit)}.`,
    )
  }
  return limit
}
