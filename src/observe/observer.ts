/** Counts and traces operations: what each did and how long it took, never what it carried. */
import type { RunnableConfig } from '@langchain/core/runnables'
import type { OperationAddress } from '../errors.ts'
import type { Meter } from './meter.ts'
import type { Operation } from './operations.ts'
import { isTraced, trace, traceEach, type Subject } from './tracing.ts'

export class Observer {
  readonly #meter: Meter
  readonly #checkpointer: string

  /** @param checkpointer the name of its class */
  constructor(meter: Meter, checkpointer: string) {
    this.#meter = meter
    this.#checkpointer = checkpointer
  }

  /** @param checkpointId where it is not the config's */
  run<Result>(
    operation: Operation,
    config: RunnableConfig,
    work: () => Promise<Result>,
    checkpointId?: unknown,
  ): Promise<Result> {
    this.#meter.began(operation)
    return isTraced(operation) ? trace(this.#subject(operation, config, checkpointId), work) : work()
  }

  /** The same for an operation with many results. */
  async *each<Result>(
    operation: Operation,
    config: RunnableConfig,
    work: () => AsyncGenerator<Result>,
  ): AsyncGenerator<Result> {
    this.#meter.began(operation)
    yield* isTraced(operation) ? traceEach(this.#subject(operation, config, undefined), work) : work()
  }

  #subject(operation: Operation, config: RunnableConfig, checkpointId: unknown): Subject {
    return { operation, checkpointer: this.#checkpointer, address: addressOf(config, checkpointId) }
  }
}

/** As the caller gave it; what can't be an id is left out. */
function addressOf(config: RunnableConfig, checkpointId: unknown): OperationAddress {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: given } = config?.configurable ?? {}
  return { threadId: text(threadId), ns: text(ns) ?? '', checkpointId: text(checkpointId ?? given) }
}
