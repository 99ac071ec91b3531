/** The part of ioredis that is used, as types: no other package is needed to read them. */

/** The part of a `Redis` or `Cluster` of ioredis 5 or 6 that is used. No listener is added, and it is never closed here. */
export interface RedisClient {
  readonly status: string
  mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>
  set(key: string, value: string | Buffer, px: 'PX', milliseconds: number, nx: 'NX'): Promise<'OK' | null>
  unlink(keys: string[]): Promise<number>
}

/** A client that was made here. */
export interface OwnClient extends RedisClient {
  /** The socket, once there is one. */
  readonly stream?: { unref?(): void } | undefined
  connect(): Promise<void>
  disconnect(reconnect?: boolean): void
  on(event: 'error' | 'connect', listener: (error: unknown) => void): unknown
}
