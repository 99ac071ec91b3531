/** The checkpoints of a listing that can be read, in its order; what could not be read is told at its end. */
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint'
import type { ParsedCheckpoint } from '../codec/checkpoint-codec.ts'
import type { Parts } from '../codec/part.ts'
import type { StoredCheckpoint } from '../codec/record.ts'
import { Failures } from './failures.ts'
import { ReadAhead } from './read-ahead.ts'

/** The stages that a listed checkpoint goes through. */
export interface ListStages {
  readonly parse: (stored: StoredCheckpoint) => ParsedCheckpoint
  /** The parts of some checkpoints of one page, together. */
  readonly bring: (checkpoints: readonly ParsedCheckpoint[]) => Promise<Parts>
  /**
   * @param parts of this checkpoint and others; undefined where they could not be brought together, as some are damaged
   * @returns undefined where the checkpoint was removed since the page was read
   */
  readonly decode: (checkpoint: ParsedCheckpoint, parts: Parts | undefined) => Promise<CheckpointTuple | undefined>
}

/**
 * Nothing is held between two pages but what failed.
 * @throws UnreadableCheckpointsError after all others were given, where some can't be read because of what is stored
 */
export async function* readable(
  pages: AsyncIterable<readonly StoredCheckpoint[]>,
  { parse, bring, decode }: ListStages,
): AsyncGenerator<CheckpointTuple> {
  const readAhead = new ReadAhead()
  const failures = new Failures()
  for await (const page of pages) {
    const checkpoints = page.flatMap((stored) => failures.unless(stored.address, () => parse(stored)))
    for (const batch of readAhead.batches(checkpoints)) {
      const parts = await failures.orUndefined(() => bring(batch))
      readAhead.read(parts)
      for (const checkpoint of batch) {
        const tuple = await failures.unlessAsync(checkpoint.stored.address, () => decode(checkpoint, parts))
        if (tuple !== undefined) yield tuple
      }
    }
  }
  failures.throwAny()
}
