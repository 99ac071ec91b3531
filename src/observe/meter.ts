/** What a checkpointer has done since it was made, in numbers. */
import type { LostClass } from '../codec/value.ts'
import type { OperationAddress } from '../errors.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { publishLateWrite, publishLostClass, tracedOperation } from './tracing.ts'
import { NO_TRANSFER, type TransferStats } from './transfer-stats.ts'

/** Calls, also those that failed. */
export type OperationCounts = Readonly<Record<Operation, number>>

/** What operations have in common, whichever store they work on. */
export interface CommonStats {
  readonly operations: OperationCounts
  /** Calls of runs that began before their thread was deleted: dropped, without an error. */
  readonly lateWritesDropped: number
  /** Classes whose instances were stored as plain data, as they are not registered. */
  readonly unknownClasses: number
}

/** Counts for `stats()`, and for the trace of the operation that is going on. */
export class Meter {
  readonly #operations = Object.fromEntries(OPERATIONS.map((operation) => [operation, 0])) as Record<Operation, number>
  readonly #transfer: Record<keyof TransferStats, number> = { ...NO_TRANSFER }
  #lateWritesDropped = 0
  #unknownClasses = 0

  began(operation: Operation): void {
    this.#operations[operation]++
  }

  add(what: keyof TransferStats, by: number): void {
    this.#transfer[what] += by
    const traced = tracedOperation()
    if (traced !== undefined) traced[what] += by
  }

  /** A verdict of `deleted`. */
  dropped(operation: 'put' | 'putWrites', address: OperationAddress): void {
    this.#lateWritesDropped++
    publishLateWrite(operation, address)
  }

  /** A class is stored as plain data for the first time. */
  lostClass(lost: LostClass): void {
    this.#unknownClasses++
    publishLostClass(lost)
  }

  common(): CommonStats {
    return {
      operations: { ...this.#operations },
      lateWritesDropped: this.#lateWritesDropped,
      unknownClasses: this.#unknownClasses,
    }
  }

  transfer(): TransferStats {
    return { ...this.#transfer }
  }
}
