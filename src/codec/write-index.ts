import { WRITES_IDX_MAP } from '@langchain/langgraph-checkpoint'

/**
 * The index of a pending write: below 0 for the special channels (error, scheduled, interrupt, resume), else its place
 * in the call. Own properties only, as a channel may be called `constructor`.
 */
export function writeIndex(channel: string, position: number): number {
  return Object.hasOwn(WRITES_IDX_MAP, channel) ? (WRITES_IDX_MAP[channel] as number) : position
}
