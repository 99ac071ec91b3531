/** Redis did not reply in time. */
export class ReplyTimeoutError extends Error {
  constructor(ms: number) {
    super(`Redis did not reply within ${ms} ms`)
    this.name = 'ReplyTimeoutError'
  }
}

/**
 * Settles as `reply` does, or rejects after so many milliseconds; what becomes of the reply after that is ignored. The
 * timer is our own, as a client's promise may never settle (ioredis #2193), whatever its options. It also keeps the
 * process alive until then, which the connection does not.
 */
export function replyInTime<Reply>(reply: Promise<Reply>, ms: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // A busy process runs overdue timers before it reads its sockets. In the next turn a reply that has come is read.
    const timer = setTimeout(() => setImmediate(() => reject(new ReplyTimeoutError(ms))), ms)
    reply.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
