/** Every public name of langgraph-pg-checkpointer. */
export type { CheckpointerOptions } from './checkpointer.ts'
export { LosslessSerializer, type ValueLimits } from './codec/value.ts'
export {
  CheckpointerError,
  type CheckpointerErrorCode,
  InvalidInputError,
  OptionsError,
  PartCorruptError,
  PartMissingError,
  SchemaOutdatedError,
  SchemaTooNewError,
  TooLargeError,
  UnreadableValueError,
  UnserializableValueError,
} from './errors.ts'
export { InMemoryCheckpointer, type InMemoryCheckpointerOptions, type InMemoryStats } from './in-memory-checkpointer.ts'
export { PgCheckpointer, type PgCheckpointerOptions } from './pg-checkpointer.ts'
export type { PGliteLike, PgConnection, PgPool, PgPoolClient } from './pg/driver.ts'
export type { MigrationMode } from './pg/migrate.ts'
export type { ThreadsSnapshot } from './store/memory-snapshot.ts'
