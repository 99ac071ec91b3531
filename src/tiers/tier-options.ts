/** The options of the tiers in front of Postgres, checked, and the tiers that they describe. */
import { kindOf } from '../address.ts'
import { OptionsError } from '../errors.ts'
import type { OptionNames } from '../options/names.ts'
import { requireWhole } from '../options/values.ts'
import { LruTier } from './lru-tier.ts'
import type { PartTier } from './part-tier.ts'
import type { RedisConnection } from './redis-client.ts'
import { RedisTier } from './redis-tier.ts'

export interface TierOptions {
  /** How many bytes of the heap this process may use to keep parts of values; 0: it keeps none. @default 67108864 (64 MiB) */
  readonly cacheBytes?: number | undefined
  /**
   * A Redis that several processes share, asked for parts before Postgres: a `redis://` or `rediss://` URL, options for
   * ioredis, or a `Redis` or `Cluster` of your own, which is used as it is: it is never closed here, and no listener is
   * added. Postgres always says which parts a checkpoint consists of, and each part is verified: whatever Redis loses,
   * delays or garbles costs time and never changes an answer. Needs the package ioredis, 5 or 6.
   * @default none
   */
  readonly redis?: RedisConnection | undefined
  /** The beginning of every key in Redis. @default "langgraph" */
  readonly redisPrefix?: string | undefined
  /**
   * How long Redis keeps a part, in seconds. So long may parts of a deleted thread remain there, if Redis could not be
   * reached at the time of the deletion. @default 86400 (a day)
   */
  readonly redisTtlSeconds?: number | undefined
  /** How long a read waits for Redis before it asks Postgres, in milliseconds. @default 50 */
  readonly redisTimeoutMs?: number | undefined
  /** Larger parts are not put into Redis, in bytes. Parts of the built-in serializer have up to 192 KiB. @default 1048576 (1 MiB) */
  readonly redisMaxValueBytes?: number | undefined
}

export const TIER_OPTIONS: OptionNames<TierOptions> = {
  cacheBytes: true,
  redis: true,
  redisPrefix: true,
  redisTtlSeconds: true,
  redisTimeoutMs: true,
  redisMaxValueBytes: true,
}

export interface Tiers {
  readonly memory: LruTier | undefined
  readonly redis: RedisTier | undefined
  /** Both, as far as they are configured; nearest first. */
  readonly all: readonly PartTier[]
}

/** @throws OptionsError */
export function openTiers(options: TierOptions, tenant: string): Tiers {
  const {
    cacheBytes = 64 * 1024 * 1024,
    redisPrefix = 'langgraph',
    redisTtlSeconds = 24 * 60 * 60,
    redisTimeoutMs = 50,
    redisMaxValueBytes = 1024 * 1024,
  } = options
  requireWhole('cacheBytes', cacheBytes, 0)
  requireWhole('redisTtlSeconds', redisTtlSeconds, 1, MAX_TTL_SECONDS)
  requireWhole('redisTimeoutMs', redisTimeoutMs, 1, 10_000)
  requireWhole('redisMaxValueBytes', redisMaxValueBytes, 1)
  // A cluster keeps keys together that agree within braces: a brace in the prefix would replace those around the hash.
  if (typeof redisPrefix !== 'string' || !/^[\w.:/-]{1,64}$/.test(redisPrefix)) {
    const got = typeof redisPrefix === 'string' && redisPrefix !== '' ? 'another string' : kindOf(redisPrefix)
    throw new OptionsError('redisPrefix', `must be 1 to 64 characters of a-z, A-Z, 0-9 and _ . : / -; got ${got}.`)
  }
  const memory = cacheBytes === 0 ? undefined : new LruTier(cacheBytes)
  const redis =
    options.redis === undefined
      ? undefined
      : new RedisTier(options.redis, {
          tenant,
          prefix: redisPrefix,
          ttlSeconds: redisTtlSeconds,
          timeoutMs: redisTimeoutMs,
          maxValueBytes: redisMaxValueBytes,
        })
  return { memory, redis, all: [memory, redis].filter((tier) => tier !== undefined) }
}

/** A year. A part that is still in use after it is put into Redis again by the read that misses it. */
const MAX_TTL_SECONDS = 366 * 24 * 60 * 60
