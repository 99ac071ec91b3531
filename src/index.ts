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
  InvalidInputError,
  type OperationAddress,
  OptionsError,
  PartCorruptError,
  PartMissingError,
  SchemaOutdatedError,
  SchemaTooNewError,
  TooLargeError,
  UnavailableError,
  UnreadableValueError,
  UnserializableValueError,
} from './errors.ts'
export type { LateWrite, OperationContext } from './diagnostics.ts'
export type { Health, PostgresHealth } from './health.ts'
export { InMemoryCheckpointer, type InMemoryCheckpointerOptions, type InMemoryStats } from './in-memory-checkpointer.ts'
export { PgCheckpointer, type PgCheckpointerOptions } from './pg-checkpointer.ts'
export type { PgConnection } from './pg/driver.ts'
export type { PGliteLike } from './pg/pglite-driver.ts'
export type { PgPool, PgPoolClient, PgStatement } from './pg/pool-driver.ts'
export type { MigrationMode } from './pg/migrate.ts'
export type { CommonStats, Operation, OperationCounts, PgStats, TransferStats } from './stats.ts'
export type { ThreadsSnapshot } from './store/memory-snapshot.ts'
export type { BreakerState } from './tiers/circuit-breaker.ts'
export type { LruTierStats } from './tiers/lru-tier.ts'
export type { TierStats } from './tiers/part-tier.ts'
export type { RedisClient, RedisClientOptions, RedisConnection } from './tiers/redis-client.ts'
export type { RedisHealth, RedisTierStats } from './tiers/redis-tier.ts'
export type { TierOptions } from './tiers/tier-options.ts'
