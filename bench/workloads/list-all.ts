/** A list by metadata over all threads: what an operator asks who looks for a user's or a run's checkpoints. */
import {
  uuid6,
  type BaseCheckpointSaver,
  type Checkpoint,
  type CheckpointMetadata,
} from '@langchain/langgraph-checkpoint'
import { alternate, of, type Measurement } from '../measure.ts'
import { OFFICIAL, OURS, openOfficial, openOurs, withBoth } from '../savers.ts'
import { atMostTimes, ms, type Figure, type Workload } from '../workload.ts'

const THREADS = 400
const CHECKPOINTS = 50
/** Threads that are filled at a time. */
const AT_A_TIME = 40

type Filter = Readonly<Record<string, unknown>>

/** One of 400 users; what all checkpoints have; nobody. A page of ten, as somebody who looks would ask for. */
const QUESTIONS: readonly {
  readonly title: string
  readonly filter: Filter
  readonly limit?: number
  readonly found: number
}[] = [
  { title: 'one of 400 users', filter: { user: 'user-17' }, found: CHECKPOINTS },
  { title: 'one of 400 users, 10', filter: { user: 'user-17' }, limit: 10, found: 10 },
  { title: 'what all have, 10', filter: { source: 'loop' }, limit: 10, found: 10 },
  { title: 'nobody', filter: { user: 'nobody' }, found: 0 },
]

export const listAll: Workload = {
  name: 'list-all',
  run: (bench) =>
    withBoth(bench.server.url, 'list_all', async (ours, official) => {
      const work = `list by metadata over all threads, ${THREADS * CHECKPOINTS} checkpoints`
      for (const [{ schema }, open] of [
        [ours, openOurs],
        [official, openOfficial],
      ] as const) {
        bench.step(`${work}: filling`)
        // Nothing of this is measured, so it need not wait for the disk.
        const seeder = await open(bench.server.url, 'list_all', { options: '-c synchronous_commit=off' })
        await fill(seeder.saver)
        await seeder.wire.end()
        await bench.server.vacuum(schema)
      }
      const figures: Figure[] = []
      const measurements: Measurement[] = []
      let checked = 0
      for (const { title, filter, limit, found } of QUESTIONS) {
        const what = `${work}: ${title}`
        bench.step(what)
        const results = await alternate(bench.server, {
          what,
          rounds: 10,
          warmups: 3,
          contestants: [ours, official].map(({ name, wire, saver }) => ({
            name,
            wire,
            run: async () => {
              const ids = await idsOf(saver, filter, limit)
              if (ids.length !== found) throw new Error(`${name}: ${ids.length} checkpoints were found, not ${found}.`)
              checked += ids.length
            },
          })),
        })
        const [mine, theirs] = [of(results, OURS).medianMs, of(results, OFFICIAL).medianMs]
        measurements.push(...results.values())
        figures.push({ work: what, theirs: ms(theirs), ours: ms(mine), ...atMostTimes(mine / theirs, 1, OFFICIAL) })
      }
      return { figures, measurements, checked }
    }),
}

async function fill(saver: BaseCheckpointSaver): Promise<void> {
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async (_, first) => {
      for (let thread = first; thread < THREADS; thread += AT_A_TIME) await fillThread(saver, thread)
    }),
  )
}

async function fillThread(saver: BaseCheckpointSaver, thread: number): Promise<void> {
  const configurable = { thread_id: `thread-${thread}`, checkpoint_ns: '' }
  let parent: { checkpoint_id?: string } = {}
  for (let step = 0; step < CHECKPOINTS; step++) {
    const checkpoint: Checkpoint = {
      v: 4,
      id: uuid6(step),
      ts: new Date().toISOString(),
      channel_values: { count: step },
      channel_versions: { count: step + 1 },
      versions_seen: { __input__: {}, node: { count: step } },
    }
    const metadata: CheckpointMetadata & Filter = {
      source: 'loop',
      step,
      parents: {},
      user: `user-${thread}`,
      assistant: 'support',
      tags: ['bench', `group-${thread % 7}`],
    }
    await saver.put({ configurable: { ...configurable, ...parent } }, checkpoint, metadata, { count: step + 1 })
    parent = { checkpoint_id: checkpoint.id }
  }
}

async function idsOf(saver: BaseCheckpointSaver, filter: Filter, limit: number | undefined): Promise<string[]> {
  const ids: string[] = []
  for await (const { checkpoint, metadata } of saver.list({}, { filter, ...(limit === undefined ? {} : { limit }) })) {
    const isFound = Object.entries(filter).every(([key, value]) => Reflect.get(metadata ?? {}, key) === value)
    if (isFound) ids.push(checkpoint.id)
  }
  return ids
}
