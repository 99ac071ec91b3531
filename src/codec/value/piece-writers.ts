/** Where a text goes, piece by piece. */
export interface PieceWriter<Result> {
  write(piece: string): void
  /** All that was written. The writer is of no use afterwards. */
  take(): Result
}

/** The text itself. */
export class TextWriter implements PieceWriter<string> {
  readonly #pieces: string[] = []

  write(piece: string): void {
    this.#pieces.push(piece)
  }

  take(): string {
    return this.#pieces.join('')
  }
}

/** The text in UTF-8, in memory that grows. */
export class ByteWriter implements PieceWriter<Uint8Array> {
  #bytes: Buffer
  #length = 0

  /** @param chars how many are expected; more may come */
  constructor(chars: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(chars * 1.06) + 256) // escapes, and some letters of more than a byte
  }

  write(piece: string): void {
    // Three bytes are the most that a UTF-16 code unit takes; what is exact takes time to find out.
    if (this.#length + piece.length * 3 > this.#bytes.length) this.#makeRoom(Buffer.byteLength(piece))
    this.#length += this.#bytes.write(piece, this.#length)
  }

  take(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length)) // a copy: nothing of ours stands behind its end
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
