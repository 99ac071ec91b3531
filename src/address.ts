/** Where a checkpoint is: thread, namespace, checkpoint id. Made and checked here, and nowhere else. */
import type { RunnableConfig } from '@langchain/core/runnables'
import { InvalidInputError, type OperationAddress } from './errors.ts'

/** A place for one checkpoint of a namespace of a thread; without `checkpointId`, the namespace's head. */
export interface Address {
  readonly threadId: string
  /** `''` is the root graph's; subgraphs have `node:<task>` and deeper. */
  readonly ns: string
  readonly checkpointId?: string | undefined
}

/** An address of exactly one checkpoint. */
export interface CheckpointAddress extends Address {
  readonly checkpointId: string
}

/**
 * The longest identifiers, in UTF-8 bytes. All that meet in one key of `writes`, with a tenant of 64, stay below the
 * 2,704 bytes that a btree entry may have.
 */
export const MAX_ID_BYTES = 512
export const MAX_NAMESPACE_BYTES = 1000

/** What a wrong value is, in a word; the value itself stays out of errors. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return value === '' ? 'an empty string' : typeof value
}

/** Refuses what can't be a key, here and in every server: other types, NUL, lone surrogates, too many bytes. */
export function requireId(field: string, value: unknown, maxBytes: number = MAX_ID_BYTES): string {
  const problem = problemOfId(value, maxBytes)
  if (problem !== undefined) throw new InvalidInputError(field, problem)
  return value as string
}

/** Why `requireId` refuses a value, in words that go on after its name; undefined where it does not. */
export function problemOfId(value: unknown, maxBytes: number): string | undefined {
  if (typeof value !== 'string' || value === '')
    return `must be a non-empty string of at most ${maxBytes} bytes; got ${kindOf(value)}.`
  const bytes = Buffer.byteLength(value)
  if (bytes > maxBytes) return `must be at most ${maxBytes} bytes; got ${bytes}. Use a hash of it instead.`
  if (value.includes('\0')) return 'must not contain U+0000. Remove it, or encode the id.'
  if (value.startsWith('\uFEFF')) return 'must not begin with U+FEFF, a byte order mark. Remove it, or encode the id.'
  if (!value.isWellFormed()) return 'must be well-formed Unicode; it has a lone surrogate. Encode the id.'
  return undefined
}

/** Whether a thread is named at all, be it by something that is no id. */
export function namesThread(config: RunnableConfig): boolean {
  return config.configurable?.['thread_id'] !== undefined
}

/** The thread id, or an error that says how to pass one. */
function requireThreadId(config: RunnableConfig): string {
  const id: unknown = config.configurable?.['thread_id']
  if (id === undefined) {
    throw new InvalidInputError(
      'configurable.thread_id',
      'is missing. Pass one with the call: graph.invoke(input, { configurable: { thread_id: "…" } }).',
    )
  }
  return requireId('configurable.thread_id', id)
}

/** The namespace, `''` where none is given. */
export function namespaceOf(config: RunnableConfig): string {
  const ns: unknown = config.configurable?.['checkpoint_ns']
  if (ns === undefined || ns === '') return ''
  return requireId('configurable.checkpoint_ns', ns, MAX_NAMESPACE_BYTES)
}

/** The checkpoint id, or undefined where the head is meant: LangGraph passes `undefined` and `''` for it. */
export function checkpointIdOf(config: RunnableConfig): string | undefined {
  const id: unknown = config.configurable?.['checkpoint_id']
  if (id === undefined || id === null || id === '') return undefined
  return requireId('configurable.checkpoint_id', id)
}

/**
 * What a config names of an address, for `list`. Only a thread id that is not there at all means all threads; `''`, `null`
 * and `0` are refused, so nothing leaks.
 */
export function parsePartialAddress(config: RunnableConfig): {
  readonly threadId: string | undefined
  readonly ns: string | undefined
  readonly checkpointId: string | undefined
} {
  return {
    threadId: namesThread(config) ? requireThreadId(config) : undefined,
    ns: config.configurable?.['checkpoint_ns'] === undefined ? undefined : namespaceOf(config),
    checkpointId: checkpointIdOf(config),
  }
}

/** The address in a config; a missing thread id is an error. Nothing else of the config is read or kept. */
export function parseAddress(config: RunnableConfig): Address {
  return { threadId: requireThreadId(config), ns: namespaceOf(config), checkpointId: checkpointIdOf(config) }
}

/** @throws InvalidInputError where the address is that of a head */
export function requireCheckpointAddress(address: Address): CheckpointAddress {
  if (address.checkpointId === undefined) {
    throw new InvalidInputError(
      'configurable.checkpoint_id',
      'is missing. putWrites needs the id of the checkpoint that the task ran from.',
    )
  }
  return { ...address, checkpointId: address.checkpointId }
}

/** A task's place in the graph, as LangGraph gives it. It stands in no key, so it may have any length. */
export function requireTaskPath(taskPath: unknown): string {
  if (typeof taskPath === 'string') return taskPath
  throw new InvalidInputError(
    'taskPath',
    `must be a string; got ${kindOf(taskPath)}. Leave it out where there is none.`,
  )
}

/**
 * The address in a config, for traces: what can't be an id is left out, and nothing is refused.
 * @param checkpointId where it is not the config's
 */
export function addressAsGiven(config: RunnableConfig | undefined, checkpointId: unknown): OperationAddress {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: given } = config?.configurable ?? {}
  return { threadId: text(threadId), ns: text(ns) ?? '', checkpointId: text(checkpointId ?? given) }
}

/** A config that holds exactly the three keys. */
export function toConfig(address: CheckpointAddress): {
  configurable: { thread_id: string; checkpoint_ns: string; checkpoint_id: string }
} {
  return {
    configurable: { thread_id: address.threadId, checkpoint_ns: address.ns, checkpoint_id: address.checkpointId },
  }
}
