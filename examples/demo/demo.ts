/**
 * `npm run demo`: an agent books a table, dies in the middle of its run, goes on in another process, remembers, and is
 * forked. Each claim is checked; what does not hold ends the demo with its reason and exit code 1.
 */
import { strict as assert } from 'node:assert'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HumanMessage } from '@langchain/core/messages'
import { Pool } from 'pg'
import { startPostgres } from '../support/embedded-postgres.ts'
import { createBookingAgent, CREATE_BOOKINGS } from './agent.ts'
import { checkpointTree } from './checkpoint-tree.ts'
import { describeMessage } from './describe.ts'
import { measure, type Sizes } from './sizes.ts'

const dataDir = resolve(process.argv[2] ?? '.demo')
await rm(dataDir, { recursive: true, force: true })
console.log(`Starting a Postgres of our own in ${dataDir} …`)
const postgres = await startPostgres({ dataDir, persistent: true })
const pool = new Pool({ connectionString: postgres.url })
pool.on('error', () => {}) // an idle connection that drops is replaced; without a listener it would end the process
await pool.query(CREATE_BOOKINGS)

const threadId = 'ada'
const thread = { configurable: { thread_id: threadId } }
const { agent, checkpointer } = createBookingAgent(pool)

heading('1. A process runs the agent and is killed in the middle of the run')
const doomed = runAgent(60_000, 'I am Ada. Book a table for two at eight.')
await toolResultIsStored(doomed)
doomed.kill('SIGKILL')
await once(doomed, 'exit')
const left = await agent.getState(thread)
say(`kill -9 ${doomed.pid}. Stored: ${left.values.messages.length} messages. Next: ${left.next.join()}.`)
assert.deepEqual(left.next, ['model'])

heading('2. Another process goes on exactly there')
await succeeds(runAgent(0))
const bookings = await pool.query('select * from demo.bookings')
assert.equal(bookings.rowCount, 1, 'the tool ran twice')
say('demo.bookings has one row: the tool was called once.')

heading('3. A third one answers what only the memory can tell')
const booked = await agent.getState(thread)
await succeeds(runAgent(0, 'Who am I, and which booking is mine?'))
const asked = await agent.getState(thread)
assert.equal(lastMessage(asked.values), 'You are Ada, and your booking is number 1.')

heading('4. The thread is forked: what if somebody else had booked?')
const [first] = booked.values.messages
const edited = new HumanMessage({ id: first?.id ?? '', content: 'I am Grace. Book a table for two at eight.' })
const forked = await agent.updateState(booked.config, { messages: [edited] })
const inFork = await agent.invoke({ messages: ['Who am I, and which booking is mine?'] }, forked)
say(`in the fork:       ${lastMessage(inFork)}`)
assert.equal(lastMessage(inFork), 'You are Grace, and your booking is number 1.')
const original = await agent.getState(asked.config)
say(`where it was:      ${lastMessage(original.values)}`)
assert.deepEqual(original.values, asked.values, 'the fork changed the branch that it left')

heading('5. What is stored')
const tree = await checkpointTree(pool, agent, threadId)
console.log(tree.join('\n'))

const TURNS = 50
const longThread = { configurable: { thread_id: 'long' } }
for (let turn = 1; turn <= TURNS; turn++) await agent.invoke({ messages: [`Tell me more. (${turn})`] }, longThread)
const sizes = await measure(pool, checkpointer, 'long')
console.log(`\n   A longer thread, ${TURNS} turns of about a kilobyte:\n${sizeTable(sizes)}`)
assert.ok(sizes.stored < sizes.fullCopies / 5, 'more is stored than a fifth of full copies')

await pool.end()
await postgres.stop()
console.log(`\nAll as claimed. The data stay in ${postgres.dataDir} until the next demo.`)

/** Starts a process that runs the agent; without a text, it resumes. */
function runAgent(thinkingMs: number, ...text: string[]): ChildProcess {
  const program = new URL('run-agent.ts', import.meta.url)
  const env = { ...process.env, THINKING_MS: String(thinkingMs) }
  const child = fork(program, [postgres.url, threadId, ...text], { env })
  process.once('exit', () => child.pid !== undefined && child.kill()) // without a pid, the signal would go to this group
  return child
}

async function succeeds(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, 'the process with the agent failed')
}

/** Looks at the database from outside, as the process that runs the agent knows nothing of its end. */
async function toolResultIsStored(child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await sleep(50)) {
    const { values } = await agent.getState(thread)
    if (values.messages?.at(-1)?.type === 'tool') return
    assert.equal(child.exitCode, null, 'the process with the agent failed')
    assert.ok(Date.now() < deadline, 'the tool has no result after two minutes')
  }
}

function lastMessage({ messages }: typeof booked.values): string {
  const last = messages.at(-1)
  return last ? describeMessage(last) : ''
}

function sizeTable({ checkpoints, text, stored, fullCopies }: Sizes): string {
  const row = (what: string, bytes: number): string => {
    const kilobytes = Math.ceil(bytes / 1000).toString()
    const ratio = (bytes / text).toFixed(1)
    return `   ${what.padEnd(44)}${kilobytes.padStart(8)} kB${ratio.padStart(9)} × the text`
  }
  return [
    row('text of the messages', text),
    row(`stored for ${checkpoints} checkpoints`, stored),
    row('with a full copy of the state at every step', fullCopies),
  ].join('\n')
}

function heading(text: string): void {
  console.log(`\n${text}`)
}

function say(text: string): void {
  console.log(`   ${text}`)
}
