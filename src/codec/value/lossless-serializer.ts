/** The value codec as LangGraph's `SerializerProtocol`. */

import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { UnreadableValueError } from '../../errors.ts'
import { parseWire, reviveOfficial, reviveWire, stringifyValue } from './codec.ts'
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from './limits.ts'

/** The type tag of this package's own texts. */
const VALUE_FORMAT = 'json/1'

/**
 * Stores every value without loss, or refuses it with an `UnserializableValueError`.
 *
 * It also reads what LangGraph's own serializer wrote (`json` and `bytes`).
 */
export class LosslessSerializer implements SerializerProtocol {
  readonly limits: ValueLimits

  constructor(limits: Partial<ValueLimits> = {}) {
    this.limits = Object.freeze({ ...DEFAULT_VALUE_LIMITS, ...limits })
  }

  async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    if (value instanceof Uint8Array && Object.getPrototypeOf(value) === Uint8Array.prototype)
      return ['bytes', value.slice()]
    return [VALUE_FORMAT, new TextEncoder().encode(stringifyValue(value, '$', this.limits))]
  }

  async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
    switch (type) {
      case VALUE_FORMAT:
        return reviveWire(parseWire(toText(data)))
      case 'bytes':
        return typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data)
      case 'json':
        return reviveOfficial(parseWire(toText(data)))
      default:
        throw new UnreadableValueError('its serialization type is not known')
    }
  }
}

function toText(data: Uint8Array | string): string {
  if (typeof data === 'string') return data
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    throw new UnreadableValueError(`its ${data.byteLength} bytes are not UTF-8`)
  }
}
