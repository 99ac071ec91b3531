/**
 * Every message of a put, a putWrites and a getTuple, in both directions, from the first of the handshake: cut before it,
 * cut after it, swallowed with all that follow, everything black-holed, delayed. FAULT_CUT_STEP=1 takes every message.
 */
import { performance } from 'node:perf_hooks'
import { PgCheckpointer, UnavailableError } from '../../src/index.ts'
import { newId, TestThread } from '../support/checkpoints.ts'
import { createDatabase, testSchema as schema, type TestDatabase } from '../support/database.ts'
import { report } from '../support/figures.ts'
import { startPostgresProxy, type Fault, type FaultAction } from '../support/postgres-proxy.ts'
import { timesOf } from '../support/times.ts'

const ACTIONS: readonly FaultAction[] = ['cut before', 'cut after', 'swallow', 'black hole', 'delay']
const VALUES = {
  text: 'a text'.repeat(300),
  list: Array.from({ length: 20 }, (_, n) => ({ n, text: `${n}`.repeat(1500) })),
}
const WRITES: [string, unknown][] = [
  ['a', VALUES],
  ['__interrupt__', 'why'],
]
const STEP = timesOf('FAULT_CUT_STEP', 13)
const AT_A_TIME = 8

let database: TestDatabase
let direct: PgCheckpointer
beforeAll(async () => {
  database = await createDatabase()
  direct = new PgCheckpointer({ connection: database.url, schema, cacheBytes: 0 })
  await direct.setup()
})
afterAll(async () => {
  await direct.end()
  await database.drop()
})

const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(() => void process.off('unhandledRejection', note))

interface Trial {
  /** As the caller sees it. */
  readonly thread: TestThread
  readonly operation: string
  act(): Promise<unknown>
  /** Whether it took effect, whole; throws where it did by half. */
  isThere(): Promise<boolean>
}

const trials: Record<string, (checkpointer: PgCheckpointer) => Promise<Trial>> = {
  async put(checkpointer) {
    const thread = new TestThread(checkpointer)
    const id = newId()
    return {
      thread,
      operation: 'put',
      act: () => thread.put(VALUES, { id }),
      async isThere() {
        const [tuple, ...rest] = await new TestThread(direct, '', thread.threadId).list()
        expect(rest).toEqual([])
        if (tuple !== undefined) expect(tuple.checkpoint).toMatchObject({ id, channel_values: VALUES })
        return tuple !== undefined
      },
    }
  },
  async putWrites(checkpointer) {
    const thread = new TestThread(checkpointer)
    const before = new TestThread(direct, '', thread.threadId)
    const id = await before.put({})
    return {
      thread,
      operation: 'putWrites',
      act: () => thread.write(id, WRITES),
      async isThere() {
        const { pendingWrites = [] } = await before.mustRead()
        if (pendingWrites.length > 0)
          expect(pendingWrites).toEqual([
            ['task', '__interrupt__', 'why'],
            ['task', 'a', VALUES],
          ])
        return pendingWrites.length > 0
      },
    }
  },
  async getTuple(checkpointer) {
    const thread = new TestThread(checkpointer)
    await new TestThread(direct, '', thread.threadId).put(VALUES)
    return {
      thread,
      operation: 'getTuple',
      act: async () => expect(await thread.values()).toEqual(VALUES),
      isThere: async () => false,
    }
  },
}

/** Messages in each direction when nothing goes wrong. */
async function lengthsOf(operation: string): Promise<Record<Fault['direction'], number>> {
  const proxy = await startPostgresProxy(database.url, () => undefined)
  const checkpointer = open(proxy.through(database.url), {})
  await (await trials[operation]!(checkpointer)).act()
  await checkpointer.end()
  await proxy.stop()
  const [first] = proxy.passed
  return { toServer: first!.toServer.length - 1, toClient: first!.toClient.length } // the last message of the client is its farewell
}

function open(url: string, limits: object): PgCheckpointer {
  return new PgCheckpointer({ connection: { connectionString: url, max: 1 }, schema, migrations: 'off', ...limits })
}

/** All faults of an operation. */
async function faultsOf(operation: string): Promise<Fault[]> {
  const lengths = await lengthsOf(operation)
  const faults = (['toServer', 'toClient'] as const).flatMap((direction) =>
    Array.from({ length: lengths[direction] }, (_, message) =>
      ACTIONS.map((action) => ({ direction, message, action })),
    ).flat(),
  )
  return faults.filter((_, i) => i % STEP === 0)
}

/** In a trial: what is thrown there becomes a line of the report. */
function mustBe<Value>(found: Value, wanted: Value): void {
  expect(found).toBe(wanted)
}

/** @returns what went wrong, by fault */
async function tryEach(faults: readonly Fault[], work: (fault: Fault) => Promise<void>): Promise<string[]> {
  const queue = [...faults]
  const problems: string[] = []
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        await work(fault).catch((error: unknown) => void problems.push(`${JSON.stringify(fault)}: ${String(error)}`))
      }
    }),
  )
  return problems
}

describe.each(Object.keys(trials))('%s', (operation) => {
  test('succeeds if the connection is cut once, at any message', async () => {
    const faults = await faultsOf(operation)
    let longestMs = 0
    const problems = await tryEach(faults, async (fault) => {
      const proxy = await startPostgresProxy(database.url, (connection) => (connection === 0 ? fault : undefined))
      const checkpointer = open(proxy.through(database.url), {
        connectTimeoutMs: 500,
        statementTimeoutMs: 500,
        retryMs: 10_000,
      })
      const trial = await trials[operation]!(checkpointer)
      const began = performance.now()
      await trial.act()
      longestMs = Math.max(longestMs, performance.now() - began)
      if (operation !== 'getTuple') mustBe(await trial.isThere(), true)
      await checkpointer.end()
      await proxy.stop()
    })
    report(`${operation}, one connection broken`, {
      injected: faults.length,
      'not done': problems.length,
      unhandled: unhandled.length,
      'longest ms': Math.round(longestMs),
    })
    expect([...problems, ...unhandled]).toEqual([])
    expect(longestMs).toBeLessThan(9000) // with its default, 10 s, statementTimeoutMs would let it wait longer
  })

  test('rejects in time with a true outcome if every connection is cut, at any message', async () => {
    const faults = (await faultsOf(operation)).filter(({ action }) => action !== 'delay')
    const seen = { resolved: 0, not_applied: 0, unknown: 0, 'unknown, was stored': 0 }
    let longestMs = 0
    const problems = await tryEach(faults, async (fault) => {
      const proxy = await startPostgresProxy(database.url, () => fault)
      const limits = { connectTimeoutMs: 250, statementTimeoutMs: 250, retryMs: 600 }
      const checkpointer = open(proxy.through(database.url), limits)
      const trial = await trials[operation]!(checkpointer)
      const began = performance.now()
      const error = await trial.act().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      const elapsedMs = performance.now() - began
      longestMs = Math.max(longestMs, elapsedMs)
      await checkpointer.end()
      await proxy.stop()
      if (error === undefined) {
        seen.resolved++
        mustBe(operation === 'getTuple' || (await trial.isThere()), true)
        return
      }
      expect(error).toBeInstanceOf(UnavailableError)
      const { outcome, address } = error as UnavailableError
      expect(address.threadId).toBe(trial.thread.threadId)
      seen[outcome]++
      if (operation === 'getTuple') mustBe(outcome, 'not_applied')
      const isThere = await trial.isThere()
      if (outcome === 'not_applied') mustBe(isThere, false)
      else if (isThere) seen['unknown, was stored']++
    })
    report(`${operation}, every connection broken`, {
      injected: faults.length,
      ...seen,
      'told wrongly': problems.length,
      unhandled: unhandled.length,
      'longest ms': Math.round(longestMs),
    })
    expect([...problems, ...unhandled]).toEqual([])
    expect(longestMs).toBeLessThan(9000)
  })
})
