/** Counts and traces operations: what each did and how long it took, never what it carried. */
import type { RunnableConfig } from '@langchain/core/runnables'
import { addressAsGiven } from '../address.ts'
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
    return { operation, checkpointer: this.#checkpointer, address: addressAsGiven(config, checkpointId) }
  }
}
