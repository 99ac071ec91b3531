/** A process of its own that runs the agent once: arguments are the database, the thread, and what the user says. */
import type { BaseMessage } from '@langchain/core/messages'
import { Pool } from 'pg'
import { createBookingAgent } from './agent.ts'
import { describeMessage } from './describe.ts'

const [url, threadId, text] = process.argv.slice(2)
const pool = new Pool({ connectionString: url })
const { agent } = createBookingAgent(pool, Number(process.env.THINKING_MS))

// Without an input, a run goes on where the last one stopped.
const input = text === undefined ? null : { messages: [{ role: 'user', content: text }] }
// "sync": a step begins when the one before is stored. So no effect can be lost, and none happens twice.
const options = { configurable: { thread_id: threadId }, durability: 'sync', streamMode: 'updates' } as const

if (text !== undefined) say(`user   ${text}`)
for await (const update of await agent.stream(input, options)) {
  for (const [node, { messages }] of Object.entries(update as Record<string, { messages: BaseMessage[] }>)) {
    for (const message of messages) say(`${node.padEnd(6)} ${describeMessage(message)}`)
  }
}
await pool.end()

function say(line: string): void {
  console.log(`   [pid ${process.pid}] ${line}`)
}
