/** Counts and traces operations: what each did, how long it took, whether it is still going on; never what it carried. */
import type { RunnableConfig } from '@langchain/core/runnables'
import { addressAsGiven } from '../address.ts'
import type { Meter } from './meter.ts'
import type { Operation } from './operations.ts'
import { UnderWay } from './under-way.ts'
import { isTraced, trace, traceEach, type Subject } from './tracing.ts'

export class Observer {
  readonly #meter: Meter
  readonly #checkpointer: string
  readonly #underWay = new UnderWay()

  /** @param checkpointer the name of its class, for traces; a literal, as minifiers rename classes */
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
    return this.#underWay.run(() =>
      isTraced(operation) ? trace(this.#subject(operation, config, checkpointId), work) : work(),
    )
  }

  /** The same for an operation with many results. Between two of them it is not under way: the consumer may never go on. */
  async *each<Result>(
    operation: Operation,
    config: RunnableConfig,
    work: () => AsyncGenerator<Result>,
  ): AsyncGenerator<Result> {
    this.#meter.began(operation)
    const results = isTraced(operation) ? traceEach(this.#subject(operation, config, undefined), work) : work()
    try {
      for (;;) {
        const next = await this.#underWay.run(() => results.next())
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await results.return(undefined)
    }
  }

  /** Resolves when no operation is under way. */
  allEnded(): Promise<void> {
    return this.#underWay.ended()
  }

  #subject(operation: Operation, config: RunnableConfig, checkpointId: unknown): Subject {
    return { operation, checkpointer: this.#checkpointer, address: addressAsGiven(config, checkpointId) }
  }
}
