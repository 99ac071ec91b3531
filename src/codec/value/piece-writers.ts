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
  readonly #chars: number
  /** The first piece, until there is another: alone it is quickest encoded as a whole. */
  #first: string | undefined
  #bytes: Buffer | undefined
  #length = 0

  /** @param chars how many are expected; more may come */
  constructor(chars: number) {
    this.#chars = chars
  }

  write(piece: string): void {
    if (this.#bytes === undefined) {
      if (this.#first === undefined) {
        this.#first = piece
        return
      }
      const expected = Math.max(this.#chars, this.#first.length * 3)
      this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(expected * 1.06) + 256) // escapes, and letters of more than a byte
      this.#length = this.#bytes.write(this.#first)
    }
    // Three bytes are the most that a UTF-16 code unit takes; what is exact takes time to find out.
    if (this.#length + piece.length * 3 > this.#bytes.length) this.#makeRoom(this.#bytes, Buffer.byteLength(piece))
    this.#length += this.#bytes.write(piece, this.#length)
  }

  take(): Uint8Array {
    if (this.#bytes === undefined) return new TextEncoder().encode(this.#first)
    return new Uint8Array(this.#bytes.subarray(0, this.#length)) // a copy: nothing of ours stands behind its end
  }

  #makeRoom(bytes: Buffer, added: number): void {
    const needed = this.#length + added
    if (needed <= bytes.length) return
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2))
    bytes.copy(this.#bytes, 0, 0, this.#length)
  }
}
