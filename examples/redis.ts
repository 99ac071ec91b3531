/** Redis in front of Postgres: a process that never met a thread reads what is in it from Redis, and which from Postgres. */
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'

const connection = process.env.DATABASE_URL ?? ''
const redis = process.env.REDIS_URL ?? 'redis://localhost:6379' // none there? All comes from Postgres, as without the option

const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', () => ({ messages: [{ role: 'ai', content: 'I see.' }] }))
  .addEdge(START, 'model')
const thread = { configurable: { thread_id: 'example redis' } }

const first = new PgCheckpointer({ connection, redis })
const pages = Array.from({ length: 20 }, (_, page) => `Page ${page} ${'of a long story '.repeat(100)}`)
await graph.compile({ checkpointer: first }).invoke({ messages: pages }, thread)
await first.end() // sends what is still on its way to Redis

const second = new PgCheckpointer({ connection, redis })
const state = await graph.compile({ checkpointer: second }).getState(thread)
console.log(state.values.messages.length, 'messages')
const cache = second.stats().redis
console.log(cache?.hits, 'parts from Redis,', cache?.misses, 'from Postgres')

await second.deleteThread('example redis') // in Redis, too
await second.end()
