import { MemorySaver } from '@langchain/langgraph'
import type { PgCheckpointer } from 'langgraph-pg-checkpointer'
import type { Pool } from 'pg'

export interface Sizes {
  readonly checkpoints: number
  /** What the messages of the last state say, in bytes. */
  readonly text: number
  /** Our rows of this thread, all columns, before Postgres compresses them. */
  readonly stored: number
  /** The same checkpoints with the whole state in each, as LangGraph's MemorySaver keeps them. */
  readonly fullCopies: number
}

/** What a thread takes, and what it would take with a full copy of the state at every step. */
export async function measure(pool: Pool, checkpointer: PgCheckpointer, threadId: string): Promise<Sizes> {
  const { serde } = new MemorySaver()
  const bytesOf = async (value: unknown): Promise<number> => (await serde.dumpsTyped(value))[1].length

  let [checkpoints, fullCopies, text] = [0, 0, 0]
  for await (const { checkpoint, metadata, pendingWrites = [] } of checkpointer.list({
    configurable: { thread_id: threadId },
  })) {
    if (checkpoints === 0) text = textIn(checkpoint.channel_values['messages'] as { text: string }[])
    checkpoints += 1
    fullCopies += (await bytesOf(checkpoint)) + (await bytesOf(metadata))
    for (const [, , value] of pendingWrites) fullCopies += await bytesOf(value)
  }
  const { rows } = await pool.query<{ bytes: string }>(STORED_BYTES, [threadId])
  return { checkpoints, text, stored: Number(rows[0]?.bytes), fullCopies }
}

function textIn(messages: readonly { readonly text: string }[]): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(message.text), 0)
}

const STORED_BYTES = `
  select sum(bytes) as bytes from (
    select octet_length(concat(thread_id, checkpoint_ns, checkpoint_id, parent_id, run_id, digest, header, manifest, metadata)) + 16
    from langgraph.checkpoints where thread_id = $1
    union all
    select octet_length(concat(thread_id, checkpoint_ns, checkpoint_id, task_id, channel, value)) + 4
    from langgraph.writes where thread_id = $1
    union all
    select octet_length(concat(thread_id, name, body)) + coalesce(octet_length(bytes), 0)
    from langgraph.parts where thread_id = $1
  ) as stored(bytes)`
