/** Every public name of langgraph-pg-checkpointer. */
export type { CheckpointerOptions } from './checkpointer.ts'
export {
  type ClassCodec,
  LosslessSerializer,
  type LosslessSerializerOptions,
  type LostClass,
  type ValueLimits,
} from './codec/value.ts'
export {
  CheckpointerError,
  type CheckpointerErrorCode,
  EndedError,
  InvalidInputError,
  type OperationAddress,
  OptionsError,
  PartCorruptError,
  PartMissingError,
  RowCorruptError,
  SchemaOutdatedError,
  SchemaTooNewError,
  TooLargeError,
  UnavailableError,
  UnreadableCheckpointsError,
  UnreadableValueError,
  UnserializableValueError,
} from './errors.ts'
export type { FailedAttempt, LateWrite, OperationContext } from './observe/tracing.ts'
export type { Health, PostgresHealth, RedisHealth } from './observe/health.ts'
export { InMemoryCheckpointer, type InMemoryCheckpointerOptions, type InMemoryStats } from './in-memory-checkpointer.ts'
export { PgCheckpointer, type PgCheckpointerOptions, type PgStats } from './pg-checkpointer.ts'
export type { PgConnection } from './pg/open-driver.ts'
export type { PGliteLike } from './pg/pglite-driver.ts'
export type { PgPoolConfig, PgSession } from './pg/pool-config.ts'
export type { PgPool, PgPoolClient, PgStatement } from './pg/pool.ts'
export type { MigrationMode } from './pg/migrate.ts'
export type { CommonStats, OperationCounts } from './observe/meter.ts'
export type { TransferStats } from './observe/transfer-stats.ts'
export type { Operation } from './observe/operations.ts'
export type { ThreadsSnapshot } from './memory/snapshot.ts'
export type { BreakerState } from './tiers/circuit-breaker.ts'
export type { LruTierStats } from './tiers/lru-tier.ts'
export type { TierStats } from './tiers/part-tier.ts'
export type { RedisClientOptions, RedisConnection } from './tiers/redis-client.ts'
export type { RedisClient } from './tiers/redis-commands.ts'
export type { RedisTierStats } from './tiers/redis-tier.ts'
export type { TierOptions } from './tiers/tier-options.ts'
