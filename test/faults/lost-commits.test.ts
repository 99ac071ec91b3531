/**
 * A server that loses its last commits under processes that write and go on: failover to a standby that lags, a crash with
 * synchronous_commit = off, the restore of an older copy. FAULT_LOSSES says how often each. Eight writers in two processes,
 * one thread of each process shared with the other.
 *
 * What was acknowledged before may be lost, by the server; it is counted. What was acknowledged after is read back by another
 * process, exactly, and no row of the database, acknowledged or not, names a part that is not there.
 */
import { PgCheckpointer } from '../../src/index.ts'
import { testSchema as schema } from '../support/database.ts'
import { report, timesOf } from '../support/figures.ts'
import { query } from '../support/fault-sql.ts'
import { LOSSES, type Loss } from '../support/lossy-postgres.ts'
import { auditAcknowledged, countLost, countMissingParts, LossyWriters } from '../support/lossy-writers.ts'

const ROUNDS = timesOf('FAULT_LOSSES', 1)
const PROCESSES = 2
const WRITERS_EACH = 4
/** Calls of all writers that are acknowledged before what will be lost, of that, and after it. */
const PUTS = { before: 50, lost: 150, after: 200 }

interface Seen {
  acknowledged: number
  /** Acknowledged before, and taken away by the server. */
  lost: number
  lostAfter: number
  /** Acknowledged after, and read back. */
  checked: number
  wrong: string[]
  /** Reads that missed a part, of the audit and of the writers. */
  partMissing: number
  /** Parts that rows name and that are not there. */
  missingParts: number
  troubles: number
  /** The writers' knowledge was in use. */
  partsReused: number
}

async function run(loss: Loss, rounds: number, breakIt?: (url: string) => Promise<void>): Promise<Seen> {
  const server = await LOSSES[loss]()
  const processes: LossyWriters[] = []
  const seen: Seen = {
    acknowledged: 0,
    lost: 0,
    lostAfter: 0,
    checked: 0,
    wrong: [],
    partMissing: 0,
    missingParts: 0,
    troubles: 0,
    partsReused: 0,
  }
  try {
    await using direct = new PgCheckpointer({ connection: server.url, schema })
    await direct.setup()
    await breakIt?.(server.url)
    const starting = Array.from({ length: PROCESSES }, (_, i) =>
      LossyWriters.start({ url: server.url, schema, name: `process ${i}`, writers: WRITERS_EACH }),
    )
    processes.push(...(await Promise.all(starting)))
    const count = () => processes.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
    const more = async (puts: number) => {
      const enough = count() + puts
      await expect
        .poll(() => count() >= enough || processes.some(({ hasExited }) => hasExited), {
          timeout: 300_000,
          interval: 10,
        })
        .toBe(true)
      expect(processes.map(({ complaint }) => complaint).join('')).toBe('')
    }
    for (let round = 0; round < rounds; round++) {
      for (const writers of processes) writers.go(round * 2)
      await more(PUTS.before)
      await server.mark()
      await more(PUTS.lost)
      await server.goBack()
      for (const writers of processes) writers.go(round * 2 + 1)
      await more(PUTS.after)
      await Promise.all(processes.map((writers) => writers.pause()))

      const acknowledged = processes.flatMap((writers) => writers.acknowledged.splice(0))
      const isAfter = ({ epoch }: { epoch: number }) => epoch === round * 2 + 1
      const unsure = new Set(processes.flatMap((writers) => [...writers.unsure]))
      const [before, after] = [acknowledged.filter((one) => !isAfter(one)), acknowledged.filter(isAfter)]
      const audit = await auditAcknowledged(server.url, schema, after, unsure)
      seen.acknowledged += acknowledged.length
      seen.lost += await countLost(server.url, schema, before)
      seen.lostAfter += await countLost(server.url, schema, after)
      seen.checked += audit.checked
      seen.wrong.push(...audit.wrong)
      seen.partMissing += audit.partMissing
      seen.missingParts = Math.max(seen.missingParts, await countMissingParts(server.url, schema))
    }
    for (const { missing, troubles, partsReused } of processes) {
      seen.partMissing += missing.length
      seen.troubles += troubles
      seen.partsReused += partsReused
    }
    return seen
  } finally {
    await Promise.all(processes.map((writers) => writers.kill()))
    await server.stop()
  }
}

function tell(what: string, rounds: number, { wrong, ...figures }: Seen): void {
  report(what, { rounds, ...figures, wrong: wrong.length })
}

const TITLES: Readonly<Record<Loss, string>> = {
  failover: 'failover to a standby that lags',
  crash: 'crash with synchronous_commit off',
  restore: 'restore of an older copy',
}

test.each(Object.keys(LOSSES) as Loss[])(
  `what is acknowledged after a %s is readable (rounds: ${ROUNDS})`,
  async (loss) => {
    const seen = await run(loss, ROUNDS)
    tell(TITLES[loss], ROUNDS, seen)
    expect(seen).toMatchObject({ wrong: [], lostAfter: 0, partMissing: 0, missingParts: 0 })
    expect(seen.lost).toBeGreaterThan(0)
    expect(seen.partsReused).toBeGreaterThan(0)
  },
  600_000 + ROUNDS * 60_000,
)

test('the test notices functions that take all proofs for found', async () => {
  const seen = await run('crash', 1, takeProofsForFound)
  tell('the same where proofs are not looked for', 1, seen)
  expect(seen.partMissing).toBeGreaterThan(0)
  expect(seen.missingParts).toBeGreaterThan(0)
})

/** Puts functions in front of put_1 and put_writes_1 that pass on all but the proofs. */
async function takeProofsForFound(url: string): Promise<void> {
  const functions = await query(
    url,
    `select p.proname as name, pg_get_function_arguments(p.oid) as declared, p.proargnames as names
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = $1 and p.proname in ('put_1', 'put_writes_1')`,
    [schema],
  )
  expect(functions).toHaveLength(2)
  for (const { name, declared, names } of functions) {
    const passed = (names as string[]).map((argument) => (/proofs?$/.test(argument) ? 'null' : argument))
    await query(
      url,
      `alter function "${schema}".${name as string} rename to whole_${name as string};
       create function "${schema}".${name as string}(${declared as string}) returns text language sql
       as $$ select "${schema}".whole_${name as string}(${passed.join()}) $$`,
    )
  }
}
