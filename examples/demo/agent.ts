import { tool } from '@langchain/core/tools'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'
import { PgCheckpointer } from 'langgraph-pg-checkpointer'
import type { Pool } from 'pg'
import { z } from 'zod'
import { FakeModel } from './fake-model.ts'

export const CREATE_BOOKINGS = `
  create schema if not exists demo;
  create table if not exists demo.bookings (id integer generated always as identity, people integer, time text)`

/** An agent with a tool whose effect must not happen twice, and the checkpointer that sees to it. */
export function createBookingAgent(pool: Pool, thinkingMs = 0) {
  const bookTable = tool(
    async ({ people, time }) => {
      const insert = 'insert into demo.bookings (people, time) values ($1, $2) returning id'
      const { rows } = await pool.query<{ id: number }>(insert, [people, time])
      return `Booking ${rows[0]?.id}: a table for ${people} at ${time}.`
    },
    { name: 'book_table', schema: z.object({ people: z.number(), time: z.string() }) },
  )
  const model = new FakeModel(thinkingMs).bindTools()
  const checkpointer = new PgCheckpointer({ connection: pool })

  const agent = new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode('tools', new ToolNode([bookTable]))
    .addEdge(START, 'model')
    .addConditionalEdges('model', toolsCondition)
    .addEdge('tools', 'model')
    .compile({ checkpointer })
  return { agent, checkpointer }
}

export type BookingAgent = ReturnType<typeof createBookingAgent>['agent']
