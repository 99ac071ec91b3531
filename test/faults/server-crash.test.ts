/**
 * Postgres is killed, or restarted, under four processes that write. FAULT_CRASHES says how often; three of four are
 * kill -9. Nothing acknowledged may be lost, no process may end, and all go on by themselves.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PgCheckpointer } from '../../src/index.ts'
import { testSchema as schema } from '../support/database.ts'
import { query } from '../support/fault-sql.ts'
import { report } from '../support/figures.ts'
import { startCrashingPostgres, type Crash } from '../support/fault-server.ts'
import { audit, Writer } from '../support/fault-writers.ts'
import { timesOf } from '../support/times.ts'

const CRASHES = timesOf('FAULT_CRASHES', 2)
const KINDS: readonly Crash[] = ['kill', 'kill one', 'kill', 'fast restart']
const WRITERS = 4

interface Campaign {
  readonly crashes: readonly Crash[]
  readonly settings?: Record<string, string>
  readonly writers?: number
  readonly isDeaf?: boolean
}

async function run({ crashes, settings, writers: count = WRITERS, isDeaf = false }: Campaign) {
  const server = await startCrashingPostgres(settings)
  const direct = new PgCheckpointer({ connection: server.url, schema })
  const writers: Writer[] = []
  try {
    await direct.setup()
    await query(server.url, 'checkpoint') // the tables are on the disk, whatever the settings are
    writers.push(
      ...(await Promise.all(
        Array.from({ length: count }, (_, i) =>
          Writer.start({ url: server.url, schema, work: 'write', thread: `writer ${i}`, isDeaf }),
        ),
      )),
    )
    for (const writer of writers) writer.begin()
    const acknowledged = () => writers.map((writer) => writer.count('put'))
    let resumed = 0
    for (const how of crashes) {
      const before = acknowledged()
      // At work: each has stored something since the last crash.
      await expect
        .poll(() => writers.every((writer, i) => writer.hasExited || writer.count('put') > (before[i] ?? 0) + 3), {
          timeout: 300_000,
          interval: 10,
        })
        .toBe(true)
      await sleep(Math.random() * 100)
      const then = acknowledged()
      await server.crash(how)
      await expect
        .poll(() => writers.every((writer, i) => writer.hasExited || writer.count('put') > (then[i] ?? 0) + 1), {
          timeout: 300_000,
          interval: 10,
        })
        .toBe(true)
      resumed += writers.filter((writer) => !writer.hasExited).length
    }
    const exits = writers.filter((writer) => writer.hasExited).length
    await Promise.all(writers.map((writer) => writer.kill()))
    const audits = await Promise.all(writers.map((writer) => audit(direct, writer)))
    const sum = (key: 'acknowledged' | 'lost' | 'torn') => audits.reduce((total, one) => total + one[key], 0)
    const troubles = writers.reduce((total, writer) => total + writer.troubles, 0)
    const complaint = writers.find((writer) => writer.hasExited)?.complaint ?? ''
    return {
      acknowledged: sum('acknowledged'),
      lost: sum('lost'),
      torn: sum('torn'),
      exits,
      resumed,
      troubles,
      complaint,
    }
  } finally {
    await Promise.all(writers.map((writer) => writer.kill()))
    await direct.end()
    await server.stop()
  }
}

function tell(what: string, crashes: readonly Crash[], seen: Awaited<ReturnType<typeof run>>): void {
  const kills = crashes.filter((how) => how !== 'fast restart').length
  const { complaint: _, ...figures } = seen
  report(what, { crashes: crashes.length, 'by kill -9': kills, ...figures })
}

test(`${CRASHES} crashes under ${WRITERS} writers lose no checkpoint and end no process`, async () => {
  const crashes = Array.from({ length: CRASHES }, (_, i) => KINDS[i % KINDS.length] as Crash)
  const seen = await run({ crashes })
  tell('Postgres crashes', crashes, seen)
  expect(seen).toMatchObject({ lost: 0, torn: 0, exits: 0, troubles: 0, resumed: CRASHES * WRITERS, complaint: '' })
})

describe('the test notices', () => {
  test('a server that acknowledges what is not on its disk yet (synchronous_commit off)', async () => {
    const settings = { synchronous_commit: 'off', wal_writer_delay: '10000', wal_writer_flush_after: '1GB' }
    const seen = await run({ crashes: ['kill'], writers: 2, settings })
    tell('the same with synchronous_commit off', ['kill'], seen)
    expect(seen.lost).toBeGreaterThan(0)
  })

  test('a client in use without an error listener', async () => {
    const seen = await run({ crashes: ['kill'], writers: 2, isDeaf: true })
    tell('the same without error listeners', ['kill'], seen)
    expect(seen.exits).toBeGreaterThan(0)
    expect(seen.complaint).toContain("Unhandled 'error' event")
  })
})
