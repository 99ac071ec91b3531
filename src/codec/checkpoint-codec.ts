/** Checkpoints, metadata and writes to records and back. Which serializer made a value is decided here and nowhere else. */
import {
  maxChannelVersion,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
  type SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { toConfig, type Address } from '../address.ts'
import { RowCorruptError, TooLargeError } from '../errors.ts'
import { Decoder } from './decode.ts'
import { Encoder, type PartSet } from './encode.ts'
import { checkpointDigest, isIntact, writeDigest } from './digest.ts'
import { manifestKey, manifestText, type Manifest, type Node } from './format.ts'
import { escapeText, toJsonbText, unescapeText } from './jsonb-text.ts'
import { Memo } from './memo.ts'
import type { Parts } from './part.ts'
import type {
  EncodedCheckpoint,
  EncodedWrite,
  EncodedWrites,
  HistoryChannel,
  StoredCheckpoint,
  StoredHistory,
  StoredWrite,
} from './record.ts'
import { nodeOf, parseHeader, parseManifest, parseMetadata } from './stored-form.ts'
import {
  classesByName,
  type ClassCodec,
  LosslessSerializer,
  requireLimits,
  stringifyValue,
  type LostClass,
  type ValueLimits,
  type ValueRules,
} from './value.ts'
import { LostClasses } from './value/lost-classes.ts'
import { setOwn } from './value/markers.ts'
import { writeIndex } from './write-index.ts'

/** The sends of a checkpoint of format < 4 stood in its parent's writes of this channel. */
const TASKS = '__pregel_tasks'

/** What a stored checkpoint consists of, before its parts are there. */
export interface ParsedCheckpoint {
  readonly stored: StoredCheckpoint
  readonly manifest: Manifest
  readonly writes: readonly Node[]
  readonly sends: readonly Node[]
  /** All of them. */
  readonly nodes: readonly Node[]
}

export interface CodecOptions {
  readonly serde?: SerializerProtocol | undefined
  readonly limits?: Partial<ValueLimits> | undefined
  readonly classes?: readonly ClassCodec[] | undefined
  readonly unknownClasses?: 'data' | 'reject' | undefined
  /** Is told once of each class whose instances are stored as plain data. */
  readonly onLostClass?: ((lost: LostClass) => void) | undefined
}

export class CheckpointCodec {
  readonly serde: SerializerProtocol
  readonly #isBuiltIn: boolean
  readonly #rules: ValueRules
  readonly #encoder: Encoder
  readonly #decoder: Decoder

  constructor(options: CodecOptions) {
    const limits = requireLimits(options.limits, 'limits')
    const own = new LosslessSerializer({
      ...limits,
      classes: options.classes,
      unknownClasses: options.unknownClasses,
    })
    this.serde = options.serde ?? own
    this.#isBuiltIn = isBuiltIn(this.serde)
    const lost = new LostClasses(options.onLostClass)
    const { classes, unknownClasses } = options
    this.#rules = {
      ...(isBuiltIn(this.serde) ? this.serde.rules : own.rules),
      ...limits,
      ...(classes && { classes: classesByName(classes) }),
      ...(unknownClasses && { unknownClasses }),
      onLostClass: (instance) => lost.note(instance),
    }
    const memo = new Memo(this.#rules)
    this.#encoder = new Encoder(memo, this.#rules, lost)
    this.#decoder = new Decoder(memo, this.serde, this.#rules)
  }

  /**
   * Everything is serialized before this returns, as the values are live state (contract rule 8); only a caller's own
   * serializer may take longer.
   */
  encodeCheckpoint(
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions | null | undefined,
    isRoot: boolean,
  ): EncodedCheckpoint | Promise<EncodedCheckpoint> {
    const { id, channel_values: values, v, ...rest } = checkpoint
    const header = stringifyValue({ v, ...rest }, 'checkpoint', this.#rules)
    const metadataText = this.#metadataText(metadata)
    const parts: PartSet = new Map()
    const channels = Object.keys(values)
    // A copy (`source: 'fork'`) says that nothing is new, and has all: its values may have other bytes than those stored.
    const mayLeaveOut = isRoot && metadata?.source !== 'fork' && newVersions !== undefined && newVersions !== null
    const isConditional = (channel: string) =>
      mayLeaveOut && Object.hasOwn(checkpoint.channel_versions, channel) && !Object.hasOwn(newVersions, channel)
    const finish = (nodes: readonly string[]): EncodedCheckpoint => {
      const lines = channels.map((channel, i) => ({ channel, line: `${manifestKey(channel)}${nodes[i]}` }))
      const manifest = manifestText(lines.filter(({ channel }) => !isConditional(channel)).map(({ line }) => line))
      const conditional = lines.filter(({ channel }) => isConditional(channel)).map(({ line }) => line)
      const content = { header, manifest, conditional, metadata: metadataText }
      return { ...content, digest: checkpointDigest(id, content), parts }
    }
    return whenAll(
      channels.map((channel) => this.#encode(values[channel], `channel_values.${channel}`, parts)),
      finish,
    )
  }

  /** Of several writes to one special channel the last counts; they share an index. */
  encodeWrites(writes: readonly PendingWrite[], taskId: string, path: string): EncodedWrites | Promise<EncodedWrites> {
    const { maxWrites } = this.#rules
    if (writes.length > maxWrites)
      throw new TooLargeError('writes', `are ${writes.length} pending writes`, 'maxWrites', maxWrites)
    const taskPath = escapeText(path)
    const partsOf = writes.map((): PartSet => new Map())
    const nodes = writes.map(([channel, value], i) => this.#encode(value, channel, partsOf[i] as PartSet))
    return whenAll(nodes, (values) => {
      const byIndex = new Map<number, EncodedWrite>()
      writes.forEach(([channel], i) => {
        const idx = writeIndex(channel, i)
        const write = { taskId, taskPath, idx, channel: escapeText(channel), value: values[i] as string }
        byIndex.set(idx, { ...write, digest: writeDigest(write), parts: partsOf[i] as PartSet })
      })
      return [...byIndex.values()]
    })
  }

  /** @throws RowCorruptError, UnreadableValueError where a row is not what was stored, or not of the form that is written */
  parse(stored: StoredCheckpoint): ParsedCheckpoint {
    if (!isIntact(stored)) throw new RowCorruptError('checkpoints', stored.address)
    requireIntact(stored.writes, stored.address)
    requireIntact(stored.sends, stored.address)
    const manifest = parseManifest(stored.manifest)
    const writes = stored.writes.map(nodeOf)
    const sends = stored.sends.map(nodeOf)
    return { stored, manifest, writes, sends, nodes: [...Object.values(manifest), ...writes, ...sends] }
  }

  /** @throws UnreadableValueError, with the place of what can't be read */
  async decodeTuple(parsed: ParsedCheckpoint, parts: Parts): Promise<CheckpointTuple> {
    const { stored } = parsed
    const channelValues: Record<string, unknown> = {}
    for (const [channel, node] of Object.entries(parsed.manifest)) {
      const value = this.#decoder.decode(node, parts, `channel_values.${channel}`)
      setOwn(channelValues, channel, this.#isThere(value) ? value : await value)
    }
    const { v, ts, ...rest } = parseHeader(stored.header, this.#rules)
    const checkpoint: Checkpoint = { v, id: stored.address.checkpointId, ts, channel_values: channelValues, ...rest }
    if (parsed.sends.length > 0) await this.#migrateSends(checkpoint, parsed.sends, parts)
    const tuple: CheckpointTuple = {
      config: toConfig(stored.address),
      checkpoint,
      metadata: parseMetadata(stored.metadata, this.#rules),
      pendingWrites: parsed.writes.length > 0 ? await this.#decodeWrites(stored.writes, parsed.writes, parts) : [],
    }
    if (stored.parentId !== undefined)
      tuple.parentConfig = toConfig({ ...stored.address, checkpointId: stored.parentId })
    return tuple
  }

  /** @param bring fetches the parts that all these nodes lead to */
  async decodeHistories(
    address: Address,
    channels: readonly string[],
    histories: ReadonlyMap<string, StoredHistory>,
    bring: (nodes: readonly Node[]) => Promise<Parts>,
  ): Promise<Record<string, DeltaChannelHistory>> {
    const parsed = channels.map((channel) => {
      const history = histories.get(escapeText(channel))
      requireIntact(history?.writes ?? [], address)
      const manifest = history?.seedManifest === undefined ? {} : parseManifest(history.seedManifest)
      const seed = Object.hasOwn(manifest, channel) ? manifest[channel] : undefined
      return { channel, stored: history?.writes ?? [], writes: history?.writes.map(nodeOf) ?? [], seed }
    })
    const parts = await bring(parsed.flatMap(({ writes, seed }) => (seed === undefined ? writes : [...writes, seed])))
    const result: Record<string, DeltaChannelHistory> = {}
    for (const { channel, stored, writes, seed } of parsed) {
      const history: DeltaChannelHistory = { writes: await this.#decodeWrites(stored, writes, parts) }
      if (seed !== undefined) history.seed = await this.#decoder.decode(seed, parts, `channel_values.${channel}`)
      setOwn(result, channel, history)
    }
    return result
  }

  /** Metadata is searched as JSON by Postgres, which takes far longer than to store it; so it has a limit of its own. */
  #metadataText(metadata: CheckpointMetadata): string {
    const text = stringifyValue(metadata, 'metadata', this.#rules)
    const { maxMetadataChars } = this.#rules
    if (text.length > maxMetadataChars) {
      throw new TooLargeError(
        'metadata',
        `is ${text.length} characters of JSON text`,
        'maxMetadataChars',
        maxMetadataChars,
      )
    }
    return toJsonbText(text)
  }

  /** A string, or a promise where a caller's own serializer is at work: it is called at once, too. */
  #encode(value: unknown, path: string, parts: PartSet): string | Promise<string> {
    if (this.#isBuiltIn) return this.#encoder.encode(value, path, parts)
    // It may answer at once, or throw; a promise made before must not be left behind then.
    return new Promise<[string, Uint8Array]>((answer) => answer(this.serde.dumpsTyped(value))).then(([type, bytes]) =>
      this.#encoder.encodeSerialized(type, bytes, path, parts),
    )
  }

  /** A caller's own serializer may give anything that can be awaited. Each wait that isn't needed costs a read a little. */
  #isThere(value: unknown): boolean {
    return this.#isBuiltIn && !(value instanceof Promise)
  }

  async #decodeWrites(
    stored: readonly StoredWrite[],
    nodes: readonly Node[],
    parts: Parts,
  ): Promise<CheckpointPendingWrite[]> {
    const writes: CheckpointPendingWrite[] = []
    for (const [i, write] of stored.entries()) {
      const channel = unescapeText(write.channel)
      const value = this.#decoder.decode(nodes[i], parts, `pending_writes[${i}].${channel}`)
      writes.push([write.taskId, channel, this.#isThere(value) ? value : await value])
    }
    return writes
  }

  /** Before format 4, sends were writes of the parent instead of a channel of the checkpoint. */
  async #migrateSends(checkpoint: Checkpoint, sends: readonly Node[], parts: Parts): Promise<void> {
    checkpoint.channel_values[TASKS] = await Promise.all(
      sends.map((node, i) => this.#decoder.decode(node, parts, `pending_sends[${i}]`)),
    )
    const versions = Object.values(checkpoint.channel_versions ?? {}).filter(isVersion)
    checkpoint.channel_versions = {
      ...checkpoint.channel_versions,
      [TASKS]: versions.length > 0 ? maxChannelVersion(...versions) : 1,
    }
  }
}

/** A subclass may do otherwise. */
function isBuiltIn(serde: SerializerProtocol): serde is LosslessSerializer {
  return Object.getPrototypeOf(serde) === LosslessSerializer.prototype && Object.keys(serde).join() === 'rules'
}

/** The names by which a store looks for a channel. */
export function historyChannel(channel: string): HistoryChannel {
  return { channel: escapeText(channel), manifestKey: manifestKey(channel) }
}

function requireIntact(writes: readonly StoredWrite[], address: Address): void {
  for (const write of writes) if (write.digest !== writeDigest(write)) throw new RowCorruptError('writes', address)
}
/** Now, where nothing is to be waited for. */
function whenAll<Result>(
  values: readonly (string | Promise<string>)[],
  finish: (values: readonly string[]) => Result,
): Result | Promise<Result> {
  if (values.every((value) => typeof value === 'string')) return finish(values)
  return Promise.all(values.map((value) => Promise.resolve(value))).then(finish)
}

/** A checkpoint keeps whatever versions it was put with; only numbers and texts have an order. */
function isVersion(version: unknown): boolean {
  return typeof version === 'number' || typeof version === 'string'
}
