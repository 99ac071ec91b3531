/** One thread in memory: what the rows of a thread are in Postgres, and the same decisions as its functions make. */
import type { Address, CheckpointAddress } from '../address.ts'
import { addManifestLine, hasManifestLine } from '../codec/format.ts'
import type { PartSet } from '../codec/encode.ts'
import type { Part } from '../codec/part.ts'
import type {
  CheckpointRecord,
  HistoryChannel,
  PutResult,
  StoredCheckpoint,
  StoredHistory,
  StoredWrite,
  WritesRecord,
} from './store.ts'

/** A checkpoint as it is kept; its writes stand apart, they may come first. */
export interface CheckpointRow {
  readonly address: CheckpointAddress
  readonly parentId: string | undefined
  readonly seq: number
  readonly runId: string | undefined
  readonly header: string
  readonly manifest: string
  readonly metadata: string
  readonly digest: string
}

export class ThreadRecord {
  readonly threadId: string
  readonly #clock: () => number
  /** What its parts are marked with. */
  #mark: object = {}
  seq = 0
  generation: number
  tombstone = 0
  fence = 0
  /** Everything's size: characters and bytes. */
  bytes = 0
  /** By namespace, then id. */
  readonly checkpoints: Map<string, Map<string, CheckpointRow>> = new Map()
  /** By namespace and checkpoint id, then task and idx. */
  readonly writes: Map<string, Map<string, StoredWrite>> = new Map()
  readonly parts: PartSet = new Map()

  constructor(threadId: string, clock: () => number) {
    this.threadId = threadId
    this.#clock = clock
    this.generation = clock() * 1000
  }

  put(record: CheckpointRecord): Omit<PutResult, 'newParts'> {
    const { address } = record
    const present = this.#row(address.ns, address.checkpointId)
    const answer = (verdict: PutResult['verdict'], seq: number): Omit<PutResult, 'newParts'> => ({
      verdict,
      seq,
      generation: this.generation,
    })
    if (present?.digest === record.digest) return answer('duplicate', present.seq)
    if (this.#isLate(record.lineage, address.ns, record.parentId)) return answer('deleted', 0)
    if (record.fence !== undefined && record.fence !== this.fence) return answer('fenced', 0)

    let { manifest } = record
    for (const line of record.conditional)
      if (this.#holdsLine(address.ns, line)) manifest = addManifestLine(manifest, line)
    const seq = present?.seq ?? ++this.seq
    const parentId =
      present !== undefined ? present.parentId : record.parentId === address.checkpointId ? undefined : record.parentId
    const row: CheckpointRow = {
      address,
      parentId,
      seq,
      runId: record.runId,
      header: record.header,
      manifest,
      metadata: record.metadata,
      digest: record.digest,
    }
    this.addRow(row)
    for (const part of record.parts.values()) this.addPart(part)
    return answer(present === undefined ? 'stored' : 'replaced', seq)
  }

  putWrites(record: WritesRecord): { verdict: 'stored' | 'deleted'; generation: number } {
    const { address, taskId, taskPath } = record
    if (this.#isLate(record.lineage, address.ns, address.checkpointId))
      return { verdict: 'deleted', generation: this.generation }
    this.addWrites(
      writesKey(address.ns, address.checkpointId),
      record.writes.map((write) => ({ ...write, taskId, taskPath })),
    )
    for (const part of record.parts.values()) this.addPart(part)
    return { verdict: 'stored', generation: this.generation }
  }

  addRow(row: CheckpointRow): void {
    const rows = getOrAdd(this.checkpoints, row.address.ns, () => new Map<string, CheckpointRow>())
    const before = rows.get(row.address.checkpointId)
    rows.set(row.address.checkpointId, row)
    this.bytes += weightOf(row) - (before === undefined ? 0 : weightOf(before))
  }

  /** A special write (idx < 0) replaces the one before it; an ordinary one stays as it was first stored. */
  addWrites(checkpointKey: string, added: readonly StoredWrite[]): void {
    const writes = getOrAdd(this.writes, checkpointKey, () => new Map<string, StoredWrite>())
    for (const write of added) {
      const key = JSON.stringify([write.taskId, write.idx])
      const before = writes.get(key)
      if (before !== undefined && write.idx >= 0) continue
      writes.set(key, write)
      this.bytes += write.value.length - (before?.value.length ?? 0)
    }
  }

  addPart(part: Part): void {
    if (part.storedMark === this.#mark) return
    part.storedMark = this.#mark
    if (this.parts.has(part.name)) return
    this.parts.set(part.name, part)
    this.bytes += part.size
  }

  /** Leaves a tombstone, so that what a run of before still sends is known for late. */
  delete(): void {
    this.generation = Math.max(this.generation + 1, this.#clock() * 1000)
    this.tombstone = this.generation
    this.fence++
    this.seq = 0
    this.bytes = 0
    this.#mark = {}
    this.checkpoints.clear()
    this.writes.clear()
    this.parts.clear()
  }

  /** The checkpoint named, or the head of the namespace. */
  read(ns: string, checkpointId: string | undefined): StoredCheckpoint | undefined {
    const row = checkpointId === undefined ? this.#head(ns) : this.#row(ns, checkpointId)
    return row && this.#stored(row)
  }

  *list(ns: string | undefined): Generator<StoredCheckpoint> {
    for (const [name, rows] of this.checkpoints) {
      if (ns === undefined || ns === name) for (const row of rows.values()) yield this.#stored(row)
    }
  }

  /** The commit number of an id: in this namespace, else in any. */
  seqOf(ns: string | undefined, checkpointId: string): number | undefined {
    const here = ns === undefined ? undefined : this.#row(ns, checkpointId)
    if (here !== undefined) return here.seq
    const seqs = [...this.checkpoints.values()].flatMap((rows) => rows.get(checkpointId)?.seq ?? [])
    return seqs.length === 0 ? undefined : Math.max(...seqs)
  }

  history(address: Address, channels: readonly HistoryChannel[]): Map<string, StoredHistory> {
    const open = new Set(channels)
    const found = new Map(
      channels.map(({ channel }) => [
        channel,
        { writes: [] as StoredWrite[], seedManifest: undefined as string | undefined },
      ]),
    )
    const visited = new Set<string>()
    const target =
      address.checkpointId === undefined ? this.#head(address.ns) : this.#row(address.ns, address.checkpointId)
    for (let id = target?.parentId; id !== undefined && open.size > 0 && !visited.has(id);) {
      visited.add(id)
      const row = this.#row(address.ns, id)
      if (row === undefined) break
      const writes = this.#writesOf(address.ns, id)
      for (const asked of open) {
        const entry = found.get(asked.channel)
        entry?.writes.unshift(...writes.filter((write) => write.channel === asked.channel))
        if (entry === undefined || !row.manifest.includes(`\n${asked.manifestKey}`)) continue
        entry.seedManifest = row.manifest
        open.delete(asked)
      }
      id = row.parentId
    }
    return found
  }

  /** See put_1 in sql/: from a run that began before the thread was deleted. */
  #isLate(lineage: number | undefined, ns: string, continuesFrom: string | undefined): boolean {
    if (this.tombstone === 0) return false
    if (lineage !== undefined) return lineage < this.tombstone
    return continuesFrom !== undefined && this.#row(ns, continuesFrom) === undefined
  }

  #holdsLine(ns: string, line: string): boolean {
    for (const row of this.checkpoints.get(ns)?.values() ?? []) if (hasManifestLine(row.manifest, line)) return true
    return false
  }

  #row(ns: string, checkpointId: string): CheckpointRow | undefined {
    return this.checkpoints.get(ns)?.get(checkpointId)
  }

  #head(ns: string): CheckpointRow | undefined {
    let head: CheckpointRow | undefined
    for (const row of this.checkpoints.get(ns)?.values() ?? []) if (head === undefined || row.seq > head.seq) head = row
    return head
  }

  #stored(row: CheckpointRow): StoredCheckpoint {
    const { ns, checkpointId } = row.address
    const isOld = OLD_FORMAT.test(row.header) && row.parentId !== undefined
    const sends = isOld ? this.#writesOf(ns, row.parentId).filter((write) => write.channel === '__pregel_tasks') : []
    return { ...row, writes: this.#writesOf(ns, checkpointId), sends }
  }

  #writesOf(ns: string, checkpointId: string): StoredWrite[] {
    return [...(this.writes.get(writesKey(ns, checkpointId))?.values() ?? [])].toSorted(inOrderOfExecution)
  }
}

/** The header of a checkpoint of format < 4; the reading functions in sql/ look for the same. */
const OLD_FORMAT = /^\{"v":[0-3],/

/**
 * By task path, task id and idx: the order in which LangGraph applied the writes of a step (contract 1.6). Texts compare by
 * their UTF-8 bytes, as in Postgres, which is by code point; JavaScript's `<` compares UTF-16 code units.
 */
export function inOrderOfExecution(a: StoredWrite, b: StoredWrite): number {
  return compareBytes(a.taskPath, b.taskPath) || compareBytes(a.taskId, b.taskId) || a.idx - b.idx
}

function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function writesKey(ns: string, checkpointId: string): string {
  return JSON.stringify([ns, checkpointId])
}

function weightOf(row: CheckpointRow): number {
  return row.header.length + row.manifest.length + row.metadata.length
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
