/** One thread in memory: what the rows of a thread are in Postgres, and the same decisions as its functions make. */
import type { Address, CheckpointAddress } from '../address.ts'
import { addManifestLine, hasManifestLine } from '../codec/format.ts'
import { estimateHeapBytes } from '../codec/heap-estimate.ts'
import type { PartSet } from '../codec/encode.ts'
import type { Part } from '../codec/part.ts'
import type { HistoryChannel, StoredCheckpoint, StoredHistory, StoredWrite } from '../codec/record.ts'
import { inOrderOfExecution } from '../codec/write-order.ts'
import type { Proof } from '../store/proof.ts'
import type { Answer, CheckpointRecord, Delivery, WritesRecord, WritesVerdict } from '../store/store.ts'

/** A checkpoint as it is kept; its writes stand apart, as they may come first. */
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

export class ThreadRows {
  readonly threadId: string
  readonly generation: number
  /** The generation that the last deleteThread began; 0: never deleted. */
  readonly deletedGeneration: number
  seq = 0
  /** About what all of it takes in the heap. */
  bytes = 0
  /** By namespace, then id. */
  readonly checkpoints: Map<string, Map<string, CheckpointRow>> = new Map()
  readonly #bySeq = new Map<number, CheckpointRow>()
  /** By namespace and checkpoint id, then task and idx. */
  readonly writes: Map<string, Map<string, StoredWrite>> = new Map()
  readonly parts: PartSet = new Map()

  constructor(threadId: string, generation: number, deletedGeneration: number) {
    this.threadId = threadId
    this.generation = generation
    this.deletedGeneration = deletedGeneration
  }

  /** As put_1. */
  commit(record: CheckpointRecord, delivery: Delivery): Answer {
    const { address } = record
    const { generation } = this
    const present = this.#row(address.ns, address.checkpointId)
    if (present?.digest === record.digest) return { verdict: 'duplicate', seq: present.seq, generation }
    const refusal = this.#refusal(delivery)
    if (refusal !== undefined) return { verdict: refusal, seq: present?.seq ?? 0, generation }

    let { manifest } = record
    for (const line of record.conditional)
      if (this.#holdsLine(address.ns, line)) manifest = addManifestLine(manifest, line)
    const seq = present?.seq ?? ++this.seq
    const parentId = record.parentId === address.checkpointId ? undefined : record.parentId
    const { runId, header, metadata, digest } = record
    this.addRow({
      address,
      parentId: present === undefined ? parentId : present.parentId,
      seq,
      runId,
      header,
      manifest,
      metadata,
      digest,
    })
    for (const part of delivery.newParts) this.addPart(part)
    return { verdict: present === undefined ? 'stored' : 'replaced', seq, generation }
  }

  /** As put_writes_1. */
  commitWrites({ address, writes }: WritesRecord, delivery: Delivery): Answer<WritesVerdict> {
    const { generation } = this
    const refusal = this.#refusal(delivery)
    if (refusal !== undefined) return { verdict: refusal, seq: 0, generation }
    // Without what else the objects hold: parts stand in the thread, once.
    const rows = writes.map(({ taskId, taskPath, idx, channel, value, digest }) => ({
      taskId,
      taskPath,
      idx,
      channel,
      value,
      digest,
    }))
    this.addWrites(writesKey(address.ns, address.checkpointId), rows)
    for (const part of delivery.newParts) this.addPart(part)
    return { verdict: 'stored', seq: 0, generation }
  }

  addRow(row: CheckpointRow): void {
    const rows = getOrAdd(this.checkpoints, row.address.ns, () => new Map<string, CheckpointRow>())
    const before = rows.get(row.address.checkpointId)
    rows.set(row.address.checkpointId, row)
    this.#bySeq.set(row.seq, row)
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
      this.bytes += weightOfWrite(write) - (before === undefined ? 0 : weightOfWrite(before))
    }
  }

  addPart(part: Part): void {
    if (this.parts.has(part.name)) return
    this.parts.set(part.name, part)
    this.bytes += estimateHeapBytes(part)
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

  /** The commit number of an id in this namespace; in any, if none is given. */
  seqOf(ns: string | undefined, checkpointId: string): number | undefined {
    if (ns !== undefined) return this.#row(ns, checkpointId)?.seq
    const seqs = [...this.checkpoints.values()].flatMap((rows) => rows.get(checkpointId)?.seq ?? [])
    return seqs.length === 0 ? undefined : Math.max(...seqs)
  }

  /** As history_1. */
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

  #refusal({ runGeneration, generation, proofs }: Delivery): 'deleted' | 'generation' | undefined {
    if (runGeneration !== null && runGeneration < this.deletedGeneration) return 'deleted'
    if (generation !== null && generation !== this.generation) return 'generation'
    return proofs.every((proof) => this.#holds(proof)) ? undefined : 'generation'
  }

  #holds(proof: Proof): boolean {
    if (proof.kind === 'parts') return proof.names.every((name) => this.parts.has(name))
    if (proof.kind === 'write') {
      const writes = this.writes.get(writesKey(proof.ns, proof.checkpointId))
      return writes?.get(JSON.stringify([proof.taskId, proof.idx]))?.digest === proof.digest
    }
    const row = this.#bySeq.get(proof.seq)
    return row?.digest === proof.digest && row.address.ns === proof.ns
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

function writesKey(ns: string, checkpointId: string): string {
  return JSON.stringify([ns, checkpointId])
}

/** Of an object with its key in a Map, and of a character, in bytes of the heap. */
const ROW_BYTES = 400
const CHAR_BYTES = 2

function weightOf(row: CheckpointRow): number {
  return ROW_BYTES + CHAR_BYTES * (row.header.length + row.manifest.length + row.metadata.length)
}

function weightOfWrite({ taskId, taskPath, channel, value }: StoredWrite): number {
  return ROW_BYTES + CHAR_BYTES * (taskId.length * 2 + taskPath.length + channel.length + value.length)
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
