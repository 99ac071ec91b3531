/** The columns of a stored row, parsed and of the form that is written, or an error with their place. */
import type { Checkpoint, CheckpointMetadata } from '@langchain/langgraph-checkpoint'
import { UnreadableValueError } from '../errors.ts'
import type { Manifest, Node } from './format.ts'
import { fromJsonbText, unescapeText } from './jsonb-text.ts'
import type { WriteRecord } from './record.ts'
import { parseWire, reviveWire, type ValueRules } from './value.ts'
import { isWireRecord, type WireRecord } from './value/markers.ts'

export function parseHeader(text: string, rules: ValueRules): Omit<Checkpoint, 'id' | 'channel_values'> {
  const header = valueAt('checkpoint', text, rules)
  const versions: unknown = isPlainRecord(header) ? (header['channel_versions'] ?? {}) : undefined
  if (!isWireRecord(versions)) throw unknownForm('checkpoint')
  return header as Omit<Checkpoint, 'id' | 'channel_values'>
}

export function parseMetadata(text: string, rules: ValueRules): CheckpointMetadata {
  const metadata = valueAt('metadata', fromJsonbText(text), rules)
  if (metadata !== undefined && metadata !== null && !isPlainRecord(metadata)) throw unknownForm('metadata')
  return metadata as CheckpointMetadata
}

function valueAt(path: string, text: string, rules: ValueRules): unknown {
  try {
    return reviveWire(parseWire(text), rules)
  } catch (error) {
    throw error instanceof UnreadableValueError ? error.at(path) : error
  }
}

export function nodeOf(write: WriteRecord, index: number): Node {
  try {
    return parseWire(write.value) as Node
  } catch (error) {
    const path = `pending_writes[${index}].${unescapeText(write.channel)}`
    throw error instanceof UnreadableValueError ? error.at(path) : error
  }
}

/** Its nodes are checked where they are decoded. */
export function parseManifest(text: string): Manifest {
  let manifest: unknown
  try {
    manifest = parseWire(text)
  } catch (error) {
    throw error instanceof UnreadableValueError ? error.at('channel_values') : error
  }
  if (!isWireRecord(manifest)) throw unknownForm('channel_values')
  return manifest as Manifest
}

function isPlainRecord(value: unknown): value is WireRecord {
  return isWireRecord(value) && Object.getPrototypeOf(value) === Object.prototype
}

function unknownForm(path: string): UnreadableValueError {
  return new UnreadableValueError('it is stored in a form that this release does not know', { path })
}
