/**
 * What operations tell through `node:diagnostics_channel`, to whoever listens and to nobody else: where, how long, how
 * much; never what. examples/observe.ts makes OpenTelemetry spans of it.
 *
 *   tracingChannel('langgraph-pg-checkpointer:put')   and :putWrites, :getTuple, :list, :deleteThread, :getDeltaChannelHistory
 *   channel('langgraph-pg-checkpointer:late-write')   what a run sent after its thread was deleted
 *   channel('langgraph-pg-checkpointer:class-lost')   a class, once a checkpointer, whose instances are stored as plain data
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { LostClass } from './codec/value.ts'
import type { OperationAddress } from './errors.ts'
import type { Operation, TransferStats } from './stats.ts'

/** The context of a tracing channel's events. Numbers grow while the operation goes on, and are whole at `asyncEnd`. */
export interface OperationContext extends Record<keyof TransferStats, number> {
  readonly operation: Operation
  /** The class: `PgCheckpointer`, `InMemoryCheckpointer`. */
  readonly checkpointer: string
  readonly address: OperationAddress
  /** Time in our hands: for `list`, without what its consumer takes between two results. */
  durationMs: number
  /** Checkpoints returned. */
  checkpoints: number
  /** Set by Node at `error`. Ours hold no state; the driver's are as Postgres made them. */
  error?: unknown
}

/** The message of the late-write channel. */
export interface LateWrite {
  readonly operation: 'put' | 'putWrites'
  readonly address: OperationAddress
}

const PREFIX = 'langgraph-pg-checkpointer:'
const channels: Readonly<Record<Operation, TracingChannel<object, object>>> = {
  put: tracingChannel(`${PREFIX}put`),
  putWrites: tracingChannel(`${PREFIX}putWrites`),
  getTuple: tracingChannel(`${PREFIX}getTuple`),
  list: tracingChannel(`${PREFIX}list`),
  getDeltaChannelHistory: tracingChannel(`${PREFIX}getDeltaChannelHistory`),
  deleteThread: tracingChannel(`${PREFIX}deleteThread`),
}
const lateWrites = channel(`${PREFIX}late-write`)
const lostClasses = channel(`${PREFIX}class-lost`)

/** Set only while somebody listens: the layers below then add to it. */
const current = new AsyncLocalStorage<OperationContext>()

/** What is traced of the operation that is going on. */
export function tracedOperation(): OperationContext | undefined {
  return current.getStore()
}

/** Nobody listens: then nothing is made for them. */
export function isTraced(operation: Operation): boolean {
  return channels[operation].hasSubscribers
}

/** What an operation is about. */
export type Subject = Pick<OperationContext, 'operation' | 'checkpointer' | 'address'>

export async function trace<Result>(subject: Subject, work: () => Promise<Result>): Promise<Result> {
  const context = newContext(subject)
  let result: Result
  const untold = async (): Promise<void> => {
    // Node would put the value of the promise into the context, and with it the state.
    result = await timed(context, work)
    if (subject.operation === 'getTuple' && result !== undefined) context.checkpoints = 1
  }
  await channels[subject.operation].tracePromise(untold, context)
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

export function tellLateWrite(
  operation: LateWrite['operation'],
  { threadId, ns, checkpointId }: OperationAddress,
): void {
  if (lateWrites.hasSubscribers)
    lateWrites.publish({ operation, address: { threadId, ns, checkpointId } } satisfies LateWrite)
}

export function tellLostClass(lost: LostClass): void {
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
  return {
    ...subject,
    durationMs: 0,
    checkpoints: 0,
    statements: 0,
    retries: 0,
    bytesSent: 0,
    bytesReceived: 0,
    partsWritten: 0,
    partsReused: 0,
  }
}
