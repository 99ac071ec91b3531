/** A thread is deleted while a run is going on, and a new run begins on its id: what is left, and whose it is. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { randomUUID } from 'node:crypto'
import type { BaseCheckpointSaver } from '@langchain/langgraph'
import type { OperationContext } from '../../src/index.ts'
import { collect } from './checkpoints.ts'
import { makeProgram, PROGRAMS, type Program } from './deletion-programs.ts'

/** A store, seen by those who write to it and by who counts what is there. */
export interface Site {
  readonly checkpointer: BaseCheckpointSaver
  /** Another checkpointer on the same store, which knows nothing of the runs of the first; the same one in memory. */
  readonly other: BaseCheckpointSaver
  /** How many checkpoints, pending writes and parts the store holds of a thread. */
  readonly count: (threadId: string) => Promise<Rows>
}

export interface Rows {
  readonly checkpoints: number
  readonly writes: number
  readonly parts: number
}

export interface Round {
  readonly program: string
  readonly durability: 'async' | 'sync' | 'exit'
  /** How long a node works. */
  readonly ms: number
  /** Which call of the program the deletion meets; those before it are done. */
  readonly call: number
  /** At which tick of it; 0: when it has read the thread, before its first put; beyond the last: when it has ended. */
  readonly tick: number
  readonly deletedBy: 'checkpointer' | 'other'
  /** Whether the node waits for the deletion, so that nothing of the run happens meanwhile. */
  readonly nodeWaits: boolean
  /** Whether the new run begins as soon as the deletion is done, beside the old one, and on which checkpointer. */
  readonly isBeside: boolean
  readonly newRunOn: 'checkpointer' | 'other'
}

export function anyRound(random: () => number): Round {
  const below = (n: number) => Math.floor(random() * n)
  const program = PROGRAMS[below(PROGRAMS.length)]!
  return {
    program,
    durability: (['async', 'sync', 'exit'] as const)[below(3)]!,
    ms: below(2) * 2,
    call: below(program === 'functions' ? 3 : 2),
    tick: below(14),
    deletedBy: below(2) === 0 ? 'checkpointer' : 'other',
    nodeWaits: below(2) === 0,
    isBeside: below(2) === 0,
    newRunOn: below(2) === 0 ? 'checkpointer' : 'other',
  }
}

const nothing = async (): Promise<void> => {}

/** The first thing that is wrong, in words; undefined where all is as it must be. */
export async function playRound(site: Site, round: Round): Promise<string | undefined> {
  const threadId = randomUUID()
  let ticks = 0
  let deletion: Promise<unknown> | undefined
  let fresh: Promise<unknown> | undefined
  // What a node begins is a part of its run: LangGraph finds the run in the async context.
  const outside = AsyncLocalStorage.snapshot()
  const begin = () => outside(() => callAll(program(site[round.newRunOn], nothing), threadId))
  const deleteIt = async () => {
    await site[round.deletedBy].deleteThread(threadId)
    if (round.isBeside) fresh = begin()
  }
  const strike = () => (deletion ??= deleteIt())
  const program = (checkpointer: BaseCheckpointSaver, tick: () => Promise<void>) =>
    makeProgram(round.program, checkpointer, tick, round.ms)
  const callAll = async ({ app, inputs }: Program, thread: string): Promise<unknown> => {
    const results: unknown[] = []
    for (const input of inputs) results.push(await call(app, input, thread, round.durability))
    return results
  }

  let isWatched = false
  const old = program(site.checkpointer, async () => {
    if (!isWatched || ++ticks !== round.tick) return
    const done = strike()
    if (round.nodeWaits) await done
  })
  for (const input of old.inputs.slice(0, round.call)) await call(old.app, input, threadId, round.durability)
  isWatched = true
  const strikeAtFirstRead = (context: unknown) => {
    if ((context as OperationContext).address.threadId === threadId) void strike()
  }
  const reads = tracingChannel('langgraph-pg-checkpointer:getTuple').asyncEnd
  if (round.tick === 0) reads.subscribe(strikeAtFirstRead)
  await call(old.app, old.inputs[round.call], threadId, round.durability)
  reads.unsubscribe(strikeAtFirstRead)
  await strike()

  if (!round.isBeside) {
    const left = await site.count(threadId)
    if (left.checkpoints + left.writes + left.parts > 0) return `the old run left ${JSON.stringify(left)}`
    fresh = begin()
  }
  const result = await fresh

  const reference = randomUUID()
  const expected = await callAll(program(site[round.newRunOn], nothing), reference)
  const [is, wanted] = [await describe(site, threadId, result), await describe(site, reference, expected)]
  for (const thread of [threadId, reference]) await site.checkpointer.deleteThread(thread)
  return is === wanted ? undefined : `the new run has\n${is}\ninstead of\n${wanted}`
}

/** Failures of the graph are results, too. */
async function call(app: Program['app'], input: unknown, threadId: string, durability: string): Promise<unknown> {
  try {
    return await app.invoke(input as never, { configurable: { thread_id: threadId }, durability })
  } catch (error) {
    return `failed: ${(error as Error).message}`
  }
}

/** All of a thread, as a text that is the same for two runs that did the same. */
async function describe({ checkpointer, other, count }: Site, threadId: string, result: unknown): Promise<string> {
  const lines: string[] = []
  for (const saver of new Set([checkpointer, other])) {
    const tuples = await collect(saver.list({ configurable: { thread_id: threadId } }))
    const steps = new Map(tuples.map(({ checkpoint, metadata }) => [checkpoint.id, metadata?.step]))
    const ofSaver = tuples.map(({ config, checkpoint, metadata, parentConfig, pendingWrites = [] }) =>
      JSON.stringify([
        config.configurable?.['checkpoint_ns'],
        metadata?.source,
        metadata?.step,
        steps.get(parentConfig?.configurable?.['checkpoint_id'] as string) ?? 'root',
        checkpoint.channel_values,
        pendingWrites.map(([, channel, value]) => JSON.stringify([channel, value])).toSorted(),
      ]),
    )
    lines.push(...ofSaver.map(withoutIds).toSorted())
  }
  return [withoutIds(JSON.stringify(result)), JSON.stringify(await count(threadId)), ...lines].join('\n')
}

function withoutIds(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}/g, '*')
    .replaceAll(/[a-z0-9 ]{200,}/g, (long) => `${long.slice(0, 9)}… ${long.length}`)
}
