/** No reply came in time. */
export class ReplyTimeoutError extends Error {
  constructor(ms: number) {
    super(`Redis did not reply within ${ms} ms`)
    this.name = 'ReplyTimeoutError'
  }
}

/**
 * Settles as `reply` does, or rejects after so many milliseconds; what the reply does later is nobody's concern. Our own
 * timer, as a client's promise may never settle (ioredis #2193), whatever its options.
 */
export function replyInTime<Reply>(reply: Promise<Reply>, ms: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    // A busy process runs overdue timers before it reads its sockets. One turn more, and a reply that is there counts.
    const timer = setTimeout(() => setImmediate(() => reject(new ReplyTimeoutError(ms))), ms)
    reply.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
