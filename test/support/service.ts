/** A server that the tests talk to. `stop` ends it if the tests started it, else does nothing. */
export interface Service {
  readonly url: string
  /** Printed at the start of a run, so that it is known what was tested against. */
  readonly origin: string
  /** Where its data would stay after `stop({ keepData: true })`. */
  readonly dataDir?: string
  readonly stop: (options?: { keepData?: boolean }) => Promise<void>
}
