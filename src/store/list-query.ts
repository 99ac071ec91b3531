/** The arguments of `list`, checked. */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { CheckpointListOptions } from '@langchain/langgraph-checkpoint'
import { checkpointIdOf, kindOf, parsePartialAddress } from '../address.ts'
import { toJsonbText } from '../codec/jsonb-text.ts'
import { stringifyValue } from '../codec/value.ts'
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
  /** A JSON text that metadata must contain, as jsonb's `@>` means it. */
  readonly filter: string | undefined
  readonly limit: number | undefined
}

export function parseListQuery(config: RunnableConfig, options: CheckpointListOptions | undefined): ListQuery {
  return {
    ...parsePartialAddress(config),
    before: options?.before === undefined ? undefined : checkpointIdOf(options.before),
    filter: parseFilter(options?.filter),
    limit: parseLimit(options?.limit),
  }
}

/** A key whose value is undefined does not filter (contract 7.20). */
function parseFilter(filter: unknown): string | undefined {
  if (filter === undefined) return undefined
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw new InvalidInputError('filter', `must be an object of metadata keys and values; got ${kindOf(filter)}.`)
  }
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return undefined
  // Entry by entry: an object of one key that starts with `$` would be escaped, but metadata have more keys than that.
  const texts = entries.map(([key, value]) => `${JSON.stringify(key)}:${stringifyValue(value, `filter.${key}`)}`)
  return toJsonbText(`{${texts.join(',')}}`)
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
