/** Threads in Postgres: what one process stored, another one knows. */
import { AIMessage } from '@langchain/core/messages'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'

const connection = process.env.DATABASE_URL ?? '' // an empty one is refused, in words

const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', ({ messages }) => ({ messages: [new AIMessage(`You began with: ${messages[0]?.text}`)] }))
  .addEdge(START, 'model')
const thread = { configurable: { thread_id: 'example ada' } }

const first = new PgCheckpointer({ connection }) // the tables are created on first use, in a schema of their own
await graph.compile({ checkpointer: first }).invoke({ messages: ['My name is Ada.'] }, thread)
await first.end()

// As in another process, tomorrow: nothing is left but what Postgres holds.
const second = new PgCheckpointer({ connection })
const app = graph.compile({ checkpointer: second })
const { messages } = await app.invoke({ messages: ['What is my name?'] }, thread)
console.log(messages.map((message) => `${message.type}: ${message.text}`).join('\n'))

await second.deleteThread('example ada')
console.log('after deleteThread:', (await app.getState(thread)).values)
await second.end()
