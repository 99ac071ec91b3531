/** Rows of the reading functions (type reading_1 in sql/) to what a store gives. */
import { Part } from '../codec/part.ts'
import { PartCorruptError } from '../errors.ts'
import type { Row } from '../pg/driver.ts'
import type { StoredCheckpoint, StoredHistory, StoredWrite } from './store.ts'
import { byTaskAndIdx } from './thread-record.ts'

interface Readings {
  /** 0: no such thread. */
  readonly generation: number
  /** In the order of the rows. */
  readonly checkpoints: readonly StoredCheckpoint[]
  readonly parts: readonly Part[]
}

export function readingsOf(threadId: string, rows: readonly Row[]): Readings {
  let generation = 0
  const checkpoints = new Map<string, { -readonly [Key in keyof StoredCheckpoint]: StoredCheckpoint[Key] }>()
  const writes = new Map<string, StoredWrite[]>()
  const sends = new Map<string, StoredWrite[]>()
  const parts: Part[] = []
  for (const row of rows) {
    const key = JSON.stringify([row['ns'], row['id']])
    if (row['kind'] === 'thread') generation = generationOf(row)
    else if (row['kind'] === 'checkpoint') checkpoints.set(key, checkpointOf(threadId, row))
    else if (row['kind'] === 'write') push(writes, key, writeOf(row))
    else if (row['kind'] === 'send') push(sends, key, writeOf(row))
    else parts.push(partOf({ name: row['id'], body: row['value'], bytes: row['bytes'] }))
  }
  for (const [key, checkpoint] of checkpoints) {
    checkpoint.writes = writes.get(key)?.toSorted(byTaskAndIdx) ?? []
    checkpoint.sends = sends.get(key)?.toSorted(byTaskAndIdx) ?? []
  }
  return { generation, checkpoints: [...checkpoints.values()], parts }
}

/** Rows come oldest ancestor first, each task's writes in order. */
export function historiesOf(rows: readonly Row[]): Map<string, StoredHistory> {
  const writes = new Map<string, StoredWrite[]>()
  const seeds = new Map<string, string>()
  for (const row of rows) {
    const channel = String(row['channel'])
    if (row['kind'] === 'checkpoint') seeds.set(channel, String(row['manifest']))
    else if (row['kind'] === 'write') push(writes, channel, writeOf(row))
  }
  const channels = new Set([...writes.keys(), ...seeds.keys()])
  return new Map(
    [...channels].map((channel) => [channel, { writes: writes.get(channel) ?? [], seedManifest: seeds.get(channel) }]),
  )
}

/** int8 comes as a string from node-postgres; microseconds since the epoch fit a double. */
export function generationOf(row: Row): number {
  return Number(row['generation'])
}

/** @throws PartCorruptError where the content is not what the name was made of */
export function partOf(row: Row): Part {
  const part = Part.verified(String(row['name']), (row['body'] ?? row['bytes']) as string | Uint8Array)
  if (part === undefined) throw new PartCorruptError(String(row['name']), 'Postgres')
  return part
}

function checkpointOf(threadId: string, row: Row): StoredCheckpoint {
  return {
    address: { threadId, ns: String(row['ns']), checkpointId: String(row['id']) },
    parentId: (row['parent_id'] as string | null) ?? undefined,
    seq: Number(row['seq']),
    header: String(row['header']),
    manifest: String(row['manifest']),
    metadata: String(row['metadata']),
    writes: [],
    sends: [],
  }
}

function writeOf(row: Row): StoredWrite {
  return {
    taskId: String(row['task_id']),
    idx: Number(row['idx']),
    channel: String(row['channel']),
    value: String(row['value']),
  }
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
