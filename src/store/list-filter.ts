import type { StoredCheckpoint } from '../codec/record.ts'
import { containsAny } from './containment.ts'
import { needleOf } from './needle.ts'

/** As Postgres gets it: nulls for none, and where it is applied here. */
export interface SentFilter {
  readonly filters: readonly string[] | null
  /** What all metadata that they find has in it, if that is known. */
  readonly needle: string | null
}

const NONE: SentFilter = { filters: null, needle: null }

/** What Postgres says of a text that is no JSON, or holds what jsonb can't. */
const NO_JSON = new Set(['22P02', '22P05'])

/**
 * The filter of one `list`. Postgres applies it, until it meets metadata that is no JSON: one damaged row would end the
 * listing. From then on pages are read without it, and it is applied here.
 */
export class ListFilter {
  readonly #filters: readonly string[] | undefined
  readonly #sent: SentFilter
  /** Set once the filter is applied here. */
  #parsed: readonly unknown[] | undefined

  constructor(filters: readonly string[] | undefined) {
    this.#filters = filters
    this.#sent = filters === undefined ? NONE : { filters, needle: needleOf(filters) ?? null }
  }

  /** Whether the filter is applied here, and no longer by Postgres. */
  get isHere(): boolean {
    return this.#parsed !== undefined
  }

  /** Reads a page, with the filter if Postgres can apply it. */
  async run<Page>(read: (filter: SentFilter) => Promise<Page>): Promise<Page> {
    if (this.#filters === undefined || this.isHere) return read(NONE)
    try {
      return await read(this.#sent)
    } catch (error) {
      if (!NO_JSON.has(String((error as { code?: unknown } | null)?.code))) throw error
      this.#parsed = this.#filters.map((filter): unknown => JSON.parse(filter))
      return read(NONE)
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
