/** Every program in examples/ does what it says, in a process of its own. */
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDatabase, redisUrl } from '../support/database.ts'
import { runProgram } from '../support/run-program.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))

const OUTPUT: Readonly<Record<string, unknown>> = {
  'quickstart.ts': `
You began with: My name is Ada.
`,
  'postgres.ts': `
human: My name is Ada.
ai: You began with: My name is Ada.
human: What is my name?
ai: You began with: My name is Ada.
after deleteThread: {}
`,
  'time-travel.ts': `
2 [] {"topic":"lighthouse","title":"The lighthouse","story":"The lighthouse, a story."}
1 [ 'write' ] {"topic":"lighthouse","title":"The lighthouse"}
0 [ 'entitle' ] {"topic":"lighthouse"}
-1 [ '__start__' ] {}
the fork:  The Keeper, a story.
as it was: The lighthouse, a story.
the head:  The Keeper, a story.
`,
  'human-approval.ts': `
waiting at [ 'ask' ] with Pay 80 euros?
paid 80 euros
`,
  'crash-resume.ts': `
charge the card for order 1001
the process ended with SIGKILL
still to do: [ 'ship' ]
resumed: parcel of order 1001
`,
  'redis.ts': expect.stringMatching(/^\n21 messages\n\d+ parts from Redis, \d+ from Postgres\n$/),
  'observe.ts': expect.stringMatching(/^\n(checkpointer\.(getTuple|put|putWrites) +[\d.]+ ms +\d+ bytes sent\n){6}$/),
}

test('every example is run here', () => {
  expect(new Set(Object.keys(OUTPUT))).toEqual(new Set(readdirSync(examples).filter((name) => name.endsWith('.ts'))))
})

test.each(Object.entries(OUTPUT))('%s', async (name, output) => {
  const { url } = await createDatabase()
  expect(`\n${await runProgram(join(examples, name), [], { DATABASE_URL: url, REDIS_URL: redisUrl() })}`).toEqual(
    output,
  )
})

test('the demo prints what it claims', async () => {
  const dataDir = join(tmpdir(), `checkpointer-demo-${process.pid}`)
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const output = await runProgram(join(examples, 'demo/demo.ts'), [dataDir])
  expect(output).toContain('Stored: 3 messages. Next: model.')
  expect(output).toContain('the tool was called once')
  expect(output).toContain('You are Ada, and your booking is number 1.')
  expect(output).toContain('└─ Done. Booking 1')
  expect(output).toMatch(/^ +9 {2}update/m)
  expect(output).toMatch(/stored for 150 checkpoints +\d+ kB/)
  expect(output).toMatch(/All as claimed.*\n$/)
})
