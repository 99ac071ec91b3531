/** A process dies in the middle of a run. Another one goes on after the last step that was stored. */
import { spawnSync } from 'node:child_process'
import { Annotation, START, StateGraph } from '@langchain/langgraph'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'

const connection = process.env.DATABASE_URL ?? ''
const checkpointer = new PgCheckpointer({ connection })
const crashes = process.argv[2] === 'crash'

const app = new StateGraph(Annotation.Root({ order: Annotation<number>, parcel: Annotation<string> }))
  .addNode('charge', ({ order }) => {
    console.log('charge the card for order', order)
    return {}
  })
  .addNode('ship', ({ order }) => {
    if (crashes) process.kill(process.pid, 'SIGKILL') // as if the machine had lost its power
    return { parcel: `parcel of order ${order}` }
  })
  .addEdge(START, 'charge')
  .addEdge('charge', 'ship')
  .compile({ checkpointer })

const thread = { configurable: { thread_id: 'order 1001' } }
if (crashes) {
  // "sync": a step begins when the one before is stored. With the default, "async", the card might be charged twice.
  await app.invoke({ order: 1001 }, { ...thread, durability: 'sync' })
} else {
  const program = [...process.execArgv, import.meta.filename, 'crash']
  const { signal } = spawnSync(process.execPath, program, {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: connection },
  })
  console.log('the process ended with', signal)
  console.log('still to do:', (await app.getState(thread)).next)
  console.log('resumed:', (await app.invoke(null, thread)).parcel) // null: no new input, go on
}
await checkpointer.end()
