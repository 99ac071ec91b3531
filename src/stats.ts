/** What a checkpointer has done since it was made, in numbers. */
import type { LostClass } from './codec/value.ts'
import { tellLateWrite, tellLostClass, tracedOperation } from './diagnostics.ts'
import type { OperationAddress } from './errors.ts'
import type { LruTierStats } from './tiers/lru-tier.ts'
import type { RedisTierStats } from './tiers/redis-tier.ts'

/** The methods that are counted and traced. */
export type Operation = 'put' | 'putWrites' | 'getTuple' | 'list' | 'getDeltaChannelHistory' | 'deleteThread'

/** Calls, also those that failed. */
export type OperationCounts = Readonly<Record<Operation, number>>

/** What operations have in common, whichever store they work on. */
export interface CommonStats {
  readonly operations: OperationCounts
  /** What runs sent after their thread was deleted: dropped, without an error. */
  readonly lateWritesDropped: number
  /** Classes whose instances were stored as plain data, as they are not registered. */
  readonly unknownClasses: number
}

/** What the way to Postgres adds. */
export interface TransferStats {
  /** Statements sent, those of retries and of setup too. */
  readonly statements: number
  /** Attempts after the first. */
  readonly retries: number
  /**
   * Bytes on our connections while a statement was under way, with the protocol around it, as the sockets count them;
   * opening a connection is not in it. 0 for PGlite, and for a pool whose clients don't show their sockets.
   */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Parts sent with checkpoints and pending writes. */
  readonly partsWritten: number
  /** Parts that those named and that were not sent, as they were known to be stored. */
  readonly partsReused: number
}

/** What `PgCheckpointer.stats()` tells. */
export interface PgStats extends CommonStats, TransferStats {
  /** In this process; undefined where `cacheBytes` is 0. */
  readonly memory: LruTierStats | undefined
  /** Undefined where no Redis is used. */
  readonly redis: RedisTierStats | undefined
}

/** Counts; and tells whoever traces the operation that is going on. */
export class Meter {
  readonly #operations: Record<Operation, number> = {
    put: 0,
    putWrites: 0,
    getTuple: 0,
    list: 0,
    getDeltaChannelHistory: 0,
    deleteThread: 0,
  }
  readonly #transfer: Record<keyof TransferStats, number> = {
    statements: 0,
    retries: 0,
    bytesSent: 0,
    bytesReceived: 0,
    partsWritten: 0,
    partsReused: 0,
  }
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
    tellLateWrite(operation, address)
  }

  lostClass(lost: LostClass): void {
    this.#unknownClasses++
    tellLostClass(lost)
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
