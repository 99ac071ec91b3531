/** A server that the tests talk to. `stop` ends it if the tests started it, else does nothing. */
export interface Service {
  readonly url: string
  /** Said at the start of a run: nobody should have to guess what was tested against. */
  readonly origin: string
  /** Where its data would stay after `stop({ keepData: true })`. */
  readonly dataDir?: string
  readonly stop: (options?: { keepData?: boolean }) => Promise<void>
}
