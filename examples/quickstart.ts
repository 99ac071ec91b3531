import { AIMessage } from '@langchain/core/messages'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { InMemoryCheckpointer } from 'langgraph-pg-checkpointer'

const app = new StateGraph(MessagesAnnotation)
  .addNode('model', ({ messages }) => ({ messages: [new AIMessage(`You began with: ${messages[0]?.text}`)] }))
  .addEdge(START, 'model')
  .compile({ checkpointer: new InMemoryCheckpointer() })

const thread = { configurable: { thread_id: 'ada' } }
await app.invoke({ messages: ['My name is Ada.'] }, thread)
const { messages } = await app.invoke({ messages: ['What is my name?'] }, thread)
console.log(messages.at(-1)?.text) // You began with: My name is Ada.
