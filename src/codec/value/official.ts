/**
 * Reading what LangGraph's own serializer (`JsonPlusSerializer`) wrote as `json`.
 *
 * Its records are objects with an `lc` key. User data of the same shape was not escaped when it was written, so a record
 * may be anybody's data: only a closed set of records of exactly the written shape is revived, and whatever is malformed
 * or unknown stays the data that it is. Nothing here throws because of what a record says, reads the environment, or
 * calls anything but the constructors listed.
 */

import { DeltaSnapshot } from '@langchain/langgraph-checkpoint'
import { loadObject } from './official-load.ts'
import { type Wire, type WireRecord, isWireRecord, setOwn } from './markers.ts'

/** A fresh value from the parsed text. */
export function officialFromWire(wire: Wire): unknown {
  return revive(wire, false)
}

const ESCAPED = '__lc_escaped__'

function revive(wire: Wire, inKwargs: boolean): unknown {
  if (typeof wire !== 'object' || wire === null) return wire
  if (Array.isArray(wire)) return wire.map((element) => revive(element, inKwargs))
  const keys = Object.keys(wire)
  // LangChain itself escapes user data in the arguments of its objects, and nowhere else.
  if (inKwargs && keys.length === 1 && keys[0] === ESCAPED) return structuredClone((wire as WireRecord)[ESCAPED])
  const isObject = isLoadable(wire as WireRecord)
  const copy: Record<string, unknown> = {}
  for (const key of keys)
    setOwn(copy, key, revive((wire as WireRecord)[key], inKwargs || (isObject && key === 'kwargs')))
  if (copy['lc'] === 2) return reviveRecord(copy, keys)
  if (!isObject) return copy
  return loadObject(copy['id'] as readonly unknown[], copy['kwargs'] as object) ?? copy
}

function isLoadable(record: WireRecord): boolean {
  return (
    record['lc'] === 1 &&
    record['type'] === 'constructor' &&
    Array.isArray(record['id']) &&
    isWireRecord(record['kwargs'])
  )
}

/** The value that a record of the serializer stands for, or the record. */
function reviveRecord(record: Record<string, unknown>, keys: readonly string[]): unknown {
  switch (record['type']) {
    case 'undefined':
      return keys.length === 2 ? undefined : record
    case 'delta_snapshot':
      return keys.length === 3 && Object.hasOwn(record, 'value') ? new DeltaSnapshot(record['value']) : record
    case 'constructor':
      return reviveBuiltin(record) ?? record
    default:
      return record
  }
}

function reviveBuiltin(record: Record<string, unknown>): unknown {
  const { id, method = null, args } = record
  if (!Array.isArray(id) || id.length !== 1 || !Array.isArray(args)) return undefined
  const [first, second] = args as readonly unknown[]
  // Only ever compared: it names no method to call.
  if (method !== null)
    return id[0] === 'Uint8Array' && method === 'from' && args.length === 1 ? bytes(first) : undefined
  switch (id[0]) {
    case 'Set':
      return args.length === 1 && Array.isArray(first) ? new Set<unknown>(first) : undefined
    case 'Map':
      return args.length === 1 && isEntries(first) ? new Map(first) : undefined
    case 'RegExp':
      return args.length === 2 ? regExp(first, second) : undefined
    case 'Error':
      return args.length === 1 && typeof first === 'string' ? new Error(first) : undefined
    case 'Uint8Array':
      return args.length === 1 ? bytes(first) : undefined
    default:
      return undefined
  }
}

function isEntries(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((entry) => Array.isArray(entry) && entry.length === 2)
}

function bytes(value: unknown): Uint8Array | undefined {
  const isByte = (item: unknown): boolean =>
    typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= 255
  return Array.isArray(value) && value.every(isByte) ? Uint8Array.from(value as number[]) : undefined
}

function regExp(source: unknown, flags: unknown): RegExp | undefined {
  if (typeof source !== 'string' || typeof flags !== 'string') return undefined
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}
