/**
 * What a checkpointer answers, as plainly as it can be said: full copies in Maps, nothing shared with src/.
 * Values are JSON. `life` counts the deletions of the thread: what a run of an earlier life sends is dropped.
 */

export interface ModelPut {
  readonly ns: string
  readonly id: string
  readonly parent: string | undefined
  readonly values: Record<string, unknown>
  readonly versions: Record<string, number>
  readonly newVersions: Record<string, number>
  readonly metadata: Record<string, unknown>
  /** In which the run began; undefined: no run. */
  readonly life: number | undefined
}

export interface ModelTuple {
  readonly ns: string
  readonly id: string
  readonly parent: string | undefined
  readonly values: Record<string, unknown>
  readonly metadata: Record<string, unknown>
  readonly writes: readonly [task: string, channel: string, value: unknown][]
}

interface Row extends ModelPut {
  readonly order: number
}

interface Write {
  readonly task: string
  readonly path: string
  readonly idx: number
  readonly channel: string
  readonly value: unknown
}

const SPECIAL = new Map([
  ['__error__', -1],
  ['__scheduled__', -2],
  ['__interrupt__', -3],
  ['__resume__', -4],
])

/** One thread. */
export class ReferenceModel {
  #life = 0
  #commits = 0
  #rows = new Map<string, Row>()
  #writes = new Map<string, Map<string, Write>>()
  get life(): number {
    return this.#life
  }

  put(put: ModelPut): void {
    const { ns, id, parent } = put
    const at = key(ns, id)
    if (this.#isLate(put.life)) return
    const present = this.#rows.get(at)
    const values = Object.entries(put.values).filter(([channel, value]) => {
      const isOld = parent === undefined && channel in put.versions && !(channel in put.newVersions)
      return !isOld || this.#holds(ns, channel, value)
    })
    this.#rows.set(at, {
      ...put,
      values: copy(Object.fromEntries(values)),
      metadata: copy(put.metadata),
      parent: present ? present.parent : parent === id ? undefined : parent,
      order: present ? present.order : ++this.#commits,
    })
  }

  putWrites(
    ns: string,
    id: string,
    task: string,
    path: string,
    writes: readonly [channel: string, value: unknown][],
    life: number | undefined,
  ): void {
    if (this.#isLate(life)) return
    const stored = this.#writes.get(key(ns, id)) ?? new Map<string, Write>()
    this.#writes.set(key(ns, id), stored)
    const batch = new Map(writes.map(([channel, value], i) => [SPECIAL.get(channel) ?? i, { channel, value }]))
    for (const [idx, { channel, value }] of batch) {
      const at = JSON.stringify([task, idx])
      if (idx < 0 || !stored.has(at)) stored.set(at, { task, path, idx, channel, value: copy(value) })
    }
  }

  deleteThread(): void {
    this.#life++
    this.#rows = new Map()
    this.#writes = new Map()
  }

  getTuple(ns: string, id?: string): ModelTuple | undefined {
    const row = id === undefined ? this.#ordered(ns)[0] : this.#rows.get(key(ns, id))
    return row && this.#tuple(row)
  }

  list(
    ns: string | undefined,
    options: { before?: string; limit?: number; filter?: Record<string, unknown> },
  ): ModelTuple[] {
    const { before, limit, filter = {} } = options
    const asked = this.#ordered(ns).find((row) => row.id === before)
    const bound = asked?.order
    return this.#ordered(ns)
      .filter((row) => before === undefined || (bound === undefined ? row.id < before : row.order < bound))
      .filter((row) =>
        Object.entries(filter).every(([name, value]) => value === undefined || row.metadata[name] === value),
      )
      .slice(0, limit)
      .map((row) => this.#tuple(row))
  }

  #isLate(life: number | undefined): boolean {
    return life !== undefined && life < this.#life
  }

  #ordered(ns: string | undefined): Row[] {
    const rows = [...this.#rows.values()].filter((row) => ns === undefined || row.ns === ns)
    return rows.toSorted((a, b) => b.order - a.order)
  }

  #holds(ns: string, channel: string, value: unknown): boolean {
    const text = JSON.stringify(value)
    return this.#ordered(ns).some(
      (row) => Object.hasOwn(row.values, channel) && JSON.stringify(row.values[channel]) === text,
    )
  }

  #tuple({ ns, id, parent, values, metadata }: Row): ModelTuple {
    const writes = [...(this.#writes.get(key(ns, id))?.values() ?? [])]
    writes.sort((a, b) => byCodePoint(a.path, b.path) || byCodePoint(a.task, b.task) || a.idx - b.idx)
    const read = writes.map(({ task, channel, value }): [string, string, unknown] => [task, channel, value])
    return copy({ ns, id, parent, values, metadata, writes: read })
  }
}

/** As Python compares strings. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

function key(ns: string, id: string): string {
  return JSON.stringify([ns, id])
}

/** JSON drops an absent parent; the type keeps it. */
function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}
