/** Going back to an earlier checkpoint, changing it, and going on from there; the first branch stays as it was. */
import { Annotation, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'

const checkpointer = new PgCheckpointer({
  connection: process.env.DATABASE_URL ?? '',
})

const State = Annotation.Root({ topic: Annotation<string>, title: Annotation<string>, story: Annotation<string> })
const app = new StateGraph(State)
  .addNode('entitle', ({ topic }) => ({ title: `The ${topic}` }))
  .addNode('write', ({ title }) => ({ story: `${title}, a story.` }))
  .addEdge(START, 'entitle')
  .addEdge('entitle', 'write')
  .compile({ checkpointer })

const thread = { configurable: { thread_id: 'a story' } }
await app.invoke({ topic: 'lighthouse' }, thread)
const end = await app.getState(thread)

// Every step left a checkpoint; the last one comes first. We look for the one with a title and no story yet.
let untold = end
for await (const snapshot of app.getStateHistory(thread)) {
  console.log(snapshot.metadata?.step, snapshot.next, JSON.stringify(snapshot.values))
  if (snapshot.next.includes('write')) untold = snapshot
}

const fork = await app.updateState(untold.config, { title: 'The Keeper' })
console.log('the fork: ', (await app.invoke(null, fork)).story)
console.log('as it was:', (await app.getState(end.config)).values.story)
console.log('the head: ', (await app.getState(thread)).values.story) // of the branch that was written last
await checkpointer.end()
