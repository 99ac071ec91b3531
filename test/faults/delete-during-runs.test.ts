/**
 * deleteThread at a random moment of a run of a compiled graph, by the checkpointer of the run and by another one, and a new
 * run on the same thread id. FAULT_DELETIONS says how often. Nothing of the old run is left, and the new one has exactly
 * what it has on a thread that was never used.
 */
import { randomInt } from 'node:crypto'
import type { RunnableConfig } from '@langchain/core/runnables'
import { InMemoryCheckpointer } from '../../src/index.ts'
import { anyRound, playRound, type Round, type Site } from '../support/deletion-rounds.ts'
import { inMemory, PgSite } from '../support/deletion-sites.ts'
import { report, timesOf } from '../support/figures.ts'
import { randomFrom } from '../support/random-from.ts'

const DELETIONS = timesOf('FAULT_DELETIONS', 40)
const AT_A_TIME = 4

/** Hides from the checkpointer to which run a call belongs. */
class Forgetful extends InMemoryCheckpointer {
  override getTuple(config: RunnableConfig): ReturnType<InMemoryCheckpointer['getTuple']> {
    return super.getTuple(withoutRun(config))
  }

  override put(...[config, ...rest]: Parameters<InMemoryCheckpointer['put']>): Promise<RunnableConfig> {
    return super.put(withoutRun(config), ...rest)
  }

  override putWrites(...[config, ...rest]: Parameters<InMemoryCheckpointer['putWrites']>): Promise<void> {
    return super.putWrites(withoutRun(config), ...rest)
  }
}

function withoutRun(config: RunnableConfig): RunnableConfig {
  return { ...config, writer: undefined, control: undefined } as RunnableConfig
}

let onPostgres: PgSite
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeAll(async () => {
  process.on('unhandledRejection', note)
  onPostgres = await PgSite.open()
})
afterAll(async () => {
  await onPostgres.close()
  process.off('unhandledRejection', note)
})

/** @returns what was wrong, with the round that shows it */
async function play(site: Site, rounds: readonly Round[]): Promise<string[]> {
  const wrong: string[] = []
  const left = [...rounds]
  const player = async () => {
    for (let round = left.pop(); round !== undefined; round = left.pop()) {
      const found = await playRound(site, round)
      if (found !== undefined) wrong.push(`${JSON.stringify(round)}: ${found}`)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, player))
  return wrong
}

const seed = Number(process.env['FAULT_SEED'] ?? randomInt(2 ** 31))
const roundsOf = (count: number) => {
  const random = randomFrom(seed)
  return Array.from({ length: count }, () => anyRound(random))
}

test.each<[string, () => Site]>([
  ['InMemoryCheckpointer', () => inMemory()],
  ['PgCheckpointer', () => onPostgres],
])('a thread that is deleted during a run keeps nothing of it: %s', async (name, open) => {
  const wrong = await play(open(), roundsOf(Math.ceil(DELETIONS / 2)))
  report(`deletions during runs, ${name}`, { rounds: Math.ceil(DELETIONS / 2), seed, wrong: wrong.length })
  expect(wrong.slice(0, 2).join('\n\n')).toBe('')
  expect(unhandled).toStrictEqual([])
})

test('without knowing the run, the same rounds show what is left', async () => {
  const wrong = await play(inMemory(new Forgetful()), roundsOf(20))
  expect(wrong.length).toBeGreaterThan(1)
})
