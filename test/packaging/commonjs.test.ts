/** The package in programs of CommonJS, on every Node that it supports. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, testSchema } from '../support/database.ts'
import { newProject, packPackage, run, type PackedPackage } from '../support/package.ts'

let packed: PackedPackage
let project: string
beforeAll(async () => {
  packed = await packPackage()
  project = await newProject(packed)
})
afterAll(async () => {
  await rm(project, { recursive: true, force: true })
  await packed.remove()
})

/** Runs a program of CommonJS in a project that has installed the package. Gives what it prints. */
async function runCommonJs(program: string, env: Record<string, string> = {}): Promise<unknown> {
  const file = join(project, 'program.cjs')
  await writeFile(file, program)
  return JSON.parse(await run(process.execPath, [file], project, env))
}

test('checkpointers and messages are instances of the classes that LangGraph gives to CommonJS', async () => {
  const { url } = await createDatabase()
  const program = `
    const { HumanMessage } = require('@langchain/core/messages')
    const { MessagesAnnotation, START, StateGraph } = require('@langchain/langgraph')
    const { BaseCheckpointSaver, MemorySaver } = require('@langchain/langgraph-checkpoint')
    const { InMemoryCheckpointer, PgCheckpointer } = require('langgraph-pg-checkpointer')

    async function main() {
      const checkpointer = new PgCheckpointer({ connection: process.env.URL, schema: process.env.SCHEMA, cacheBytes: 0 })
      const app = new StateGraph(MessagesAnnotation)
        .addNode('model', () => ({ messages: [new HumanMessage('Hello.')] }))
        .addEdge(START, 'model')
        .compile({ checkpointer })
      const thread = { configurable: { thread_id: 't' } }
      await app.invoke({ messages: ['Hi.'] }, thread)
      const { values } = await app.getState(thread)
      await checkpointer.end()
      const savers = [new MemorySaver(), new InMemoryCheckpointer(), checkpointer]
      console.log(JSON.stringify({
        savers: savers.map((saver) => saver instanceof BaseCheckpointSaver),
        messages: values.messages.map((message) => [message instanceof HumanMessage, message.text]),
      }))
    }
    void main()`
  expect(await runCommonJs(program, { URL: url, SCHEMA: testSchema })).toEqual({
    savers: [true, true, true],
    messages: [
      [true, 'Hi.'],
      [true, 'Hello.'],
    ],
  })
})

test('a program that both imports and requires the package recognises the errors of both, and reads what either stored', async () => {
  const { url } = await createDatabase()
  const program = `
    const required = require('langgraph-pg-checkpointer')

    async function main() {
      const imported = await import('langgraph-pg-checkpointer')
      const options = { connection: process.env.URL, schema: process.env.SCHEMA }
      const [writer, reader] = [new required.PgCheckpointer(options), new imported.PgCheckpointer(options)]
      const checkpoint = {
        v: 4, id: '1', ts: '', channel_values: { list: [1n] }, channel_versions: { list: 1 }, versions_seen: {},
      }
      const config = { configurable: { thread_id: 't', checkpoint_ns: '' } }
      await writer.put(config, checkpoint, { source: 'input', step: -1, parents: {} }, { list: 1 })
      const tuple = await reader.getTuple(config)
      const error = await writer.getTuple({ configurable: { thread_id: '' } }).catch((reason) => reason)
      await Promise.all([writer.end(), reader.end()])
      console.log(JSON.stringify({
        areDistinct: required.PgCheckpointer !== imported.PgCheckpointer,
        isRecognised: imported.CheckpointerError.is(error),
        list: tuple.checkpoint.channel_values.list.map(String),
      }))
    }
    void main()`
  expect(await runCommonJs(program, { URL: url, SCHEMA: testSchema })).toEqual({
    areDistinct: true,
    isRecognised: true,
    list: ['1'],
  })
})
