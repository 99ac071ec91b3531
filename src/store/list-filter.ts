import type { StoredCheckpoint } from '../codec/record.ts'
import { containsAny } from './containment.ts'

/** What Postgres says of a text that is no JSON, or holds what jsonb can't. */
const NO_JSON = new Set(['22P02', '22P05'])

/**
 * The filter of one `list`. Postgres applies it, until it meets metadata that is no JSON: one damaged row would end the
 * listing. From then on pages are read without it, and it is applied here.
 */
export class ListFilter {
  readonly #filters: readonly string[] | undefined
  /** Set once the filter is applied here. */
  #parsed: readonly unknown[] | undefined

  constructor(filters: readonly string[] | undefined) {
    this.#filters = filters
  }

  /** Whether the filter is applied here, and no longer by Postgres. */
  get isHere(): boolean {
    return this.#parsed !== undefined
  }

  /** Reads a page, with the filter if Postgres can apply it. */
  async run<Page>(read: (filters: readonly string[] | null) => Promise<Page>): Promise<Page> {
    if (this.#filters === undefined || this.isHere) return read(null)
    try {
      return await read(this.#filters)
    } catch (error) {
      if (!NO_JSON.has(String((error as { code?: unknown } | null)?.code))) throw error
      this.#parsed = this.#filters.map((filter): unknown => JSON.parse(filter))
      return read(null)
    }
  }

  /** Whether a checkpoint of a page belongs to the result. Damaged metadata does: it is told apart where it is read. */
  takes({ metadata }: StoredCheckpoint): boolean {
    if (this.#parsed === undefined) return true
    try {
      return containsAny(JSON.parse(metadata), this.#parsed)
    } catch {
      return true
    }
  }
}
