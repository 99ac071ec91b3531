/** What the way to Postgres adds. */
export interface TransferStats {
  /** Statements sent, those of retries and of setup too. */
  readonly statements: number
  /** Attempts after the first. */
  readonly retries: number
  /**
   * Bytes on the connections while a statement was under way, with the protocol around it, as the sockets count them;
   * opening a connection is not included. 0 for PGlite, and for a pool whose clients don't show their sockets.
   */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Parts sent with checkpoints and pending writes. */
  readonly partsWritten: number
  /** Parts of those that were not sent, as they were known to be stored. */
  readonly partsReused: number
}

export const NO_TRANSFER: TransferStats = {
  statements: 0,
  retries: 0,
  bytesSent: 0,
  bytesReceived: 0,
  partsWritten: 0,
  partsReused: 0,
}
