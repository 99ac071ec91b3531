import type { StateSnapshot } from '@langchain/langgraph'
import type { Pool } from 'pg'
import type { BookingAgent } from './agent.ts'
import { describeMessage } from './describe.ts'

/** The thread's checkpoints as lines of a tree: a fork is drawn further to the right, under the one it came from. */
export async function checkpointTree(pool: Pool, agent: BookingAgent, threadId: string): Promise<string[]> {
  const children = new Map<string, StateSnapshot[]>()
  for await (const snapshot of agent.getStateHistory({ configurable: { thread_id: threadId } })) {
    const parent = idOf(snapshot.parentConfig)
    children.set(parent, [snapshot, ...(children.get(parent) ?? [])]) // they come last first
  }
  const seqs = await readSeqs(pool, threadId)
  const lines = ['   seq  source  next       the last message']

  const draw = (snapshots: readonly StateSnapshot[], indent: string): void => {
    // Forks before the straight line, so that nothing has to be drawn past them.
    for (const [i, snapshot] of snapshots.toReversed().entries()) {
      const isFork = i < snapshots.length - 1
      const id = idOf(snapshot.config)
      const seq = String(seqs.get(id)).padStart(4)
      const columns = `${seq}  ${snapshot.metadata?.source?.padEnd(6)}  ${(snapshot.next.join(', ') || '–').padEnd(9)}`
      const last = snapshot.values.messages?.at(-1)
      const text = last ? describeMessage(last) : '(nothing yet)'
      lines.push(`  ${columns}  ${indent}${isFork ? '└─ ' : ''}${text}`)
      draw(children.get(id) ?? [], isFork ? `${indent}   ` : indent)
    }
  }
  draw(children.get('') ?? [], '')
  return lines
}

/** The order in which the checkpoints were committed. */
async function readSeqs(pool: Pool, threadId: string): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ checkpoint_id: string; seq: string }>(
    'select checkpoint_id, seq from langgraph.checkpoints where thread_id = $1',
    [threadId],
  )
  return new Map(rows.map((row) => [row.checkpoint_id, Number(row.seq)]))
}

function idOf(config: StateSnapshot['parentConfig']): string {
  return String(config?.configurable?.['checkpoint_id'] ?? '')
}
