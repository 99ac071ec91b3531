/** The value codec as LangGraph's `SerializerProtocol`. */

import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { UnreadableValueError } from '../../errors.ts'
import { requireKnownNames, type OptionNames } from '../../options/names.ts'
import { requireObject, requireOneOf } from '../../options/values.ts'
import { parseWire, reviveOfficial, reviveWire, stringifyValue } from './codec.ts'
import { DEFAULT_VALUE_LIMITS, LIMIT_NAMES, requireLimits, type ValueLimits, type ValueRules } from './limits.ts'
import { LostClasses } from './lost-classes.ts'
import type { ClassCodec } from './class-codec.ts'
import { classesByName } from './user-classes.ts'

/** The type tag of this package's own texts. */
const VALUE_FORMAT = 'json/1'

export interface LosslessSerializerOptions extends Partial<ValueLimits> {
  /** Your own classes, whose instances come back as themselves. @default none */
  readonly classes?: readonly ClassCodec[] | undefined
  /**
   * What to do with an instance of a class that is neither known nor registered. `data`: what its `toJSON` returns, else
   * its own enumerable properties, are stored and come back as plain data; a process warning says so once a class.
   * `reject`: it is refused with an `UnserializableValueError`.
   * @default "data"
   */
  readonly unknownClasses?: 'data' | 'reject' | undefined
}

const OPTION_NAMES: OptionNames<LosslessSerializerOptions> = { ...LIMIT_NAMES, classes: true, unknownClasses: true }

/**
 * Stores every value without loss, or says that something is lost, or refuses the value with an
 * `UnserializableValueError`.
 *
 * It also reads what LangGraph's own serializer wrote (`json` and `bytes`).
 */
export class LosslessSerializer implements SerializerProtocol {
  readonly rules: ValueRules

  /** @throws OptionsError for an option that is unknown or can't be used */
  constructor(options: LosslessSerializerOptions = {}) {
    requireKnownNames(requireObject('options', options), OPTION_NAMES)
    const { classes, unknownClasses = 'data', ...limits } = options
    const lost = new LostClasses()
    this.rules = Object.freeze({
      ...DEFAULT_VALUE_LIMITS,
      ...requireLimits(limits),
      classes: classesByName(classes),
      unknownClasses: requireOneOf('unknownClasses', unknownClasses, ['data', 'reject']),
      onLostClass: (instance) => lost.note(instance),
    } satisfies ValueRules)
  }

  async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    if (value instanceof Uint8Array && Object.getPrototypeOf(value) === Uint8Array.prototype)
      return ['bytes', value.slice()]
    return [VALUE_FORMAT, new TextEncoder().encode(stringifyValue(value, '$', this.rules))]
  }

  async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
    switch (type) {
      case VALUE_FORMAT:
        return reviveWire(parseWire(toText(data)), this.rules)
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
