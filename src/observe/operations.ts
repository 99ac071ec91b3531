/** The operations of a checkpointer that are counted and traced. Channels, counters and types follow from this list. */
export const OPERATIONS = ['put', 'putWrites', 'getTuple', 'list', 'getDeltaChannelHistory', 'deleteThread'] as const

export type Operation = (typeof OPERATIONS)[number]

/** The prefix of all channels of `node:diagnostics_channel`. */
export const CHANNEL_PREFIX = 'langgraph-pg-checkpointer:'
