/**
 * A process of several writers, which go on while their server loses its last commits. It says on its standard output what
 * happened, a JSON of `Said` a line; on its input it is told `epoch 3`, `pause`, `go`.
 *
 * Argument: a JSON of `LossyWriterOptions`.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { PgCheckpointer } from '../../src/index.ts'
import { configOf } from './checkpoints.ts'
import { LossyConversations, type LossyWriterOptions, type Said } from './lossy-conversations.ts'

await main(JSON.parse(process.argv[2] ?? '') as LossyWriterOptions)

async function main({ url, schema, name, writers: count }: LossyWriterOptions): Promise<void> {
  const checkpointer = new PgCheckpointer({ connection: { connectionString: url, max: 5 }, schema })
  const clock = { epoch: 0, isPaused: true, working: 0 }
  const report = (said: 'ready' | 'paused') => say({ said, partsReused: checkpointer.stats().partsReused })
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.startsWith('epoch')) clock.epoch = Number(line.slice(6))
    clock.isPaused = line === 'pause' || (clock.isPaused && line !== 'go')
    if (line === 'pause') void whenIdle().then(() => report('paused'))
  })
  const whenIdle = async () => {
    while (clock.working > 0) await sleep(5)
  }
  await checkpointer.getTuple(configOf('nobody')) // with an open connection
  report('ready')

  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const writer = new LossyConversations(checkpointer, `${name} ${i}`, i, say)
      for (;;) {
        if (clock.isPaused) {
          await sleep(5)
          continue
        }
        clock.working++
        await writer.step(() => clock.epoch)
        clock.working--
      }
    }),
  )
}

/** At once, so that it is known even if this process is killed now. */
function say(what: Said): void {
  writeSync(1, `${JSON.stringify(what)}\n`)
}
