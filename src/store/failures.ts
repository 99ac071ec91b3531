import { CheckpointerError, UnreadableCheckpointsError, type OperationAddress } from '../errors.ts'

/** Which checkpoints are noted; of more, that they were there. */
const MOST_NOTED = 100

/** What stored checkpoints are found to be when they can't be read, as far as that is their own fault. */
const OWN_FAULTS = new Set(['UNREADABLE_VALUE', 'ROW_CORRUPT', 'PART_MISSING', 'PART_CORRUPT', 'TOO_LARGE'])

/** Checkpoints that `list` could not read: it goes on with the others, and says at its end which they were and why. */
export class Failures {
  readonly #failures: { readonly address: OperationAddress; readonly error: unknown }[] = []

  /** What `read` gives, in a list; nothing, where it throws because of what is stored. */
  unless<Result>(address: OperationAddress, read: () => Result): readonly Result[] {
    try {
      return [read()]
    } catch (error) {
      this.#note(address, error)
      return []
    }
  }

  /** What `read` gives; undefined where it rejects because of what is stored. */
  async unlessAsync<Result>(address: OperationAddress, read: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await read()
    } catch (error) {
      this.#note(address, error)
      return undefined
    }
  }

  /** What `read` gives; undefined where it rejects because of what is stored, which is not noted. */
  async orUndefined<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await read()
    } catch (error) {
      requireOwnFault(error)
      return undefined
    }
  }

  /** @throws UnreadableCheckpointsError where there was any failure */
  throwAny(): void {
    if (this.#failures.length > 0) throw new UnreadableCheckpointsError(this.#failures)
  }

  #note(address: OperationAddress, error: unknown): void {
    requireOwnFault(error)
    if (this.#failures.length < MOST_NOTED) this.#failures.push({ address, error })
  }
}

function requireOwnFault(error: unknown): void {
  if (!CheckpointerError.is(error) || !OWN_FAULTS.has(error.code)) throw error
}
