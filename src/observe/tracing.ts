/**
 * Traces operations through `node:diagnostics_channel`: where, how long, how much; never what. Nothing is done where there is
 * no subscriber. examples/observe.ts makes OpenTelemetry spans of it.
 *
 *   tracingChannel('langgraph-pg-checkpointer:put')   and :putWrites, :getTuple, :list, :deleteThread, :getDeltaChannelHistory
 *   channel('langgraph-pg-checkpointer:failed-attempt')   an attempt that failed and may be followed by another
 *   channel('langgraph-pg-checkpointer:late-write')   a call of a run that began before its thread was deleted
 *   channel('langgraph-pg-checkpointer:class-lost')   a class, once a checkpointer, whose instances are stored as plain data
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { LostClass } from '../codec/value.ts'
import type { OperationAddress } from '../errors.ts'
import { CHANNEL_PREFIX, OPERATIONS, type Operation } from './operations.ts'
import { NO_TRANSFER, type TransferStats } from './transfer-stats.ts'

/** The context of a tracing channel's events. Numbers grow while the operation goes on, and are whole at `asyncEnd`. */
export interface OperationContext extends Record<keyof TransferStats, number> {
  readonly operation: Operation
  /** The class: `PgCheckpointer`, `InMemoryCheckpointer`. */
  readonly checkpointer: string
  readonly address: OperationAddress
  /** For `list`, without the time that its consumer takes between two results. */
  durationMs: number
  /** Checkpoints returned. */
  checkpoints: number
  /** Set by Node at `error`. Errors of this package hold no state; the driver's are as Postgres made them. */
  error?: unknown
}

/** The message of the late-write channel. */
export interface LateWrite {
  readonly operation: 'put' | 'putWrites'
  readonly address: OperationAddress
}

/** The message of the failed-attempt channel: a wrong host is told there after the first attempt. */
export interface FailedAttempt {
  readonly operation: string
  readonly address: OperationAddress
  /** 1, 2, 3 … */
  readonly attempt: number
  /** Host and port, where they are known. */
  readonly server: string | undefined
  readonly error: unknown
}

const channels = Object.fromEntries(
  OPERATIONS.map((operation) => [operation, tracingChannel(CHANNEL_PREFIX + operation)]),
) as Readonly<Record<Operation, TracingChannel<object, object>>>
const failedAttempts = channel(`${CHANNEL_PREFIX}failed-attempt`)
const lateWrites = channel(`${CHANNEL_PREFIX}late-write`)
const lostClasses = channel(`${CHANNEL_PREFIX}class-lost`)

/** Set only while there is a subscriber: the layers below then add to it. */
const current = new AsyncLocalStorage<OperationContext>()

/** The context of the operation that is going on, if it is traced. */
export function tracedOperation(): OperationContext | undefined {
  return current.getStore()
}

/** Whether there is a subscriber; else no context is made. */
export function isTraced(operation: Operation): boolean {
  return channels[operation].hasSubscribers
}

/** What an operation is about. */
export type Subject = Pick<OperationContext, 'operation' | 'checkpointer' | 'address'>

export async function trace<Result>(subject: Subject, work: () => Promise<Result>): Promise<Result> {
  const context = newContext(subject)
  let result: Result
  const withoutResult = async (): Promise<void> => {
    // Node would put the value of the promise into the context, and with it the state.
    result = await timed(context, work)
    if (subject.operation === 'getTuple' && result !== undefined) context.checkpoints = 1
  }
  await channels[subject.operation].tracePromise(withoutResult, context)
  // oxlint-disable-next-line typescript/no-non-null-assertion -- set, as the promise has resolved
  return result!
}

/** One trace from the first result that is asked for to the last. */
export async function* traceEach<Result>(subject: Subject, work: () => AsyncGenerator<Result>): AsyncGenerator<Result> {
  const { start, end, asyncStart, asyncEnd, error: failed } = channels[subject.operation]
  const context = newContext(subject)
  const results = work()
  start.publish(context)
  end.publish(context)
  try {
    for (;;) {
      const next = await timed(context, () => results.next())
      if (next.done === true) return
      context.checkpoints++
      yield next.value
    }
  } catch (error) {
    context.error = error
    failed.publish(context)
    throw error
  } finally {
    await results.return(undefined)
    asyncStart.publish(context)
    asyncEnd.publish(context)
  }
}

export function publishFailedAttempt(failed: FailedAttempt): void {
  if (failedAttempts.hasSubscribers) failedAttempts.publish(failed)
}

export function publishLateWrite(
  operation: LateWrite['operation'],
  { threadId, ns, checkpointId }: OperationAddress,
): void {
  if (lateWrites.hasSubscribers)
    lateWrites.publish({ operation, address: { threadId, ns, checkpointId } } satisfies LateWrite)
}

export function publishLostClass(lost: LostClass): void {
  if (lostClasses.hasSubscribers) lostClasses.publish(lost)
}

async function timed<Result>(context: OperationContext, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now()
  try {
    return await current.run(context, work)
  } finally {
    context.durationMs += performance.now() - began
  }
}

function newContext(subject: Subject): OperationContext {
  return { ...subject, durationMs: 0, checkpoints: 0, ...NO_TRANSFER }
}
