import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '../../src/tiers/redis-client.ts'
import { RedisTier, type RedisTierOptions } from '../../src/tiers/redis-tier.ts'

/** A prefix that no other test uses. */
export function newPrefix(): string {
  return `test:${randomUUID().slice(0, 8)}`
}

/** A Redis tier with the defaults of PgCheckpointer, and a longer timeout, as test machines are busy. */
export function redisTier(connection: RedisConnection, options: Partial<RedisTierOptions> = {}): RedisTier {
  return new RedisTier(connection, {
    tenant: '',
    prefix: newPrefix(),
    ttlSeconds: 60,
    timeoutMs: 1000,
    maxValueBytes: 1024 * 1024,
    ...options,
  })
}
