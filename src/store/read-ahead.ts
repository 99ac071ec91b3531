import type { ParsedCheckpoint } from '../codec/checkpoint-codec.ts'
import type { Parts } from '../codec/part.ts'

/** What is aimed at to hold of checkpoints that were not given yet, in characters; one checkpoint may have more. */
const AHEAD_CHARS = 8 * 1024 * 1024

/** For how many listed checkpoints the parts are brought at a time: one, then more while they are small. */
export class ReadAhead {
  #atATime = 1
  #last = 0

  /** The parts of the last batch, if they could be brought together. */
  read(parts: Parts | undefined): void {
    let chars = 1
    for (const part of parts?.values() ?? []) chars += part.size
    this.#atATime = Math.max(1, Math.min(this.#last * 2, Math.floor((this.#last * AHEAD_CHARS) / chars)))
  }

  /** Call `read` after each batch; it decides on the size of the next. */
  *batches(checkpoints: readonly ParsedCheckpoint[]): Generator<readonly ParsedCheckpoint[]> {
    for (let from = 0; from < checkpoints.length;) {
      const batch = checkpoints.slice(from, from + this.#atATime)
      this.#last = batch.length
      from += batch.length
      yield batch
    }
  }
}
