/** A run stops to ask a person, who may answer days later and in another process. */
import { Annotation, Command, interrupt, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'

const connection = process.env.DATABASE_URL ?? ''

const State = Annotation.Root({ amount: Annotation<number>, approved: Annotation<boolean>, result: Annotation<string> })
const graph = new StateGraph(State)
  .addNode('ask', ({ amount }) => ({ approved: interrupt<string, boolean>(`Pay ${amount} euros?`) }))
  .addNode('pay', ({ amount, approved }) => ({ result: approved ? `paid ${amount} euros` : 'not paid' }))
  .addEdge(START, 'ask')
  .addEdge('ask', 'pay')
const thread = { configurable: { thread_id: 'invoice 7' } }

// The process that starts the run. Where `interrupt` is called, the run ends and its question is stored.
const asking = new PgCheckpointer({ connection })
await graph.compile({ checkpointer: asking }).invoke({ amount: 80 }, thread)
await asking.end()

// The process that shows the question to a person and brings the answer.
const answering = new PgCheckpointer({ connection })
const app = graph.compile({ checkpointer: answering })
const waiting = await app.getState(thread)
console.log('waiting at', waiting.next, 'with', waiting.tasks[0]?.interrupts[0]?.value)
const { result } = await app.invoke(new Command({ resume: true }), thread)
console.log(result)
await answering.end()
