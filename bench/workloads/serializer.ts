/** The serializer alone, against the official one: no store, no connection. */
import { isDeepStrictEqual } from 'node:util'
import { MemorySaver } from '@langchain/langgraph'
import type { BaseMessage } from '@langchain/core/messages'
import { Decoder } from '../../src/codec/decode.ts'
import { Encoder, type PartSet } from '../../src/codec/encode.ts'
import type { Node } from '../../src/codec/format.ts'
import { Memo } from '../../src/codec/memo.ts'
import { LosslessSerializer } from '../../src/index.ts'
import { messageBeside, messagesTo } from '../conversation.ts'
import { alternate, of, type Contestant, type Measurement } from '../measure.ts'
import { atMostFraction, atMostTimes, ms, named, type Bench, type Figure, type Workload } from '../workload.ts'

const LENGTHS = [500, 2000]
const MINE = 'LosslessSerializer'
const ENCODER = 'encoder'
const THEIRS = 'JsonPlusSerializer'

export const serializer: Workload = {
  name: 'serializer',
  run: async (bench) => {
    const figures: Figure[] = []
    const measurements: Measurement[] = []
    for (const length of LENGTHS) {
      const outcome = await compare(bench, messagesTo(length))
      figures.push(...outcome.figures)
      measurements.push(...outcome.measurements)
    }
    return { figures, measurements, checked: LENGTHS.length * 4 }
  },
}

async function compare(
  bench: Bench,
  messages: readonly BaseMessage[],
): Promise<{ figures: Figure[]; measurements: Measurement[] }> {
  const theirs = new MemorySaver().serde // JsonPlusSerializer is not exported
  const mine = new LosslessSerializer()
  const [theirType, theirBytes] = await theirs.dumpsTyped(messages)
  const [type, bytes] = await mine.dumpsTyped(messages)

  // What a put does: cut, serialize what is new, name it. All messages but the last were read before, as at the start of
  // an invoke, or put before, as in its later steps.
  const memo = new Memo()
  const encoder = new Encoder(memo)
  const parts: PartSet = new Map()
  const node = JSON.parse(encoder.encode(messages, 'messages', parts)) as Node
  const decoder = new Decoder(memo, mine)
  const cold = () => new Encoder(new Memo()).encode(messages, 'messages', new Map())
  const read = decoder.decode(node, parts) as BaseMessage[]
  // The new message is made before the clock runs.
  let appended: BaseMessage = messageBeside(0)
  const appendingTo = (list: readonly BaseMessage[]): Contestant => ({
    name: ENCODER,
    prepare: (round) => (appended = messageBeside(round)),
    run: () => encoder.encode([...list, appended], 'messages', new Map()),
  })

  for (const value of [
    await theirs.loadsTyped(theirType, theirBytes),
    await mine.loadsTyped(type, bytes),
    decoder.decode(node, parts),
  ]) {
    if (!isDeepStrictEqual((value as BaseMessage[]).map(plain), messages.map(plain)))
      throw new Error('What was read is not what was written.')
  }
  if (cold() !== encoder.encode(messages, 'messages', new Map())) throw new Error('A warm memo changed what is stored.')

  const figures: Figure[] = []
  const measurements: Measurement[] = []
  const race = async (
    what: string,
    contestants: readonly Contestant[],
    target: (ratio: number) => Pick<Figure, 'reached' | 'target' | 'isMet'>,
    order: { readonly rounds: number; readonly inARow?: number } = { rounds: 40 },
  ) => {
    const work = `${what}, ${messages.length} messages`
    bench.step(work)
    const results = await alternate(bench.server, { what: work, ...order, warmups: 10, contestants })
    measurements.push(...results.values())
    const [ours, official] = contestants.map(({ name }) => of(results, name).medianMs) as [number, number]
    figures.push({
      work,
      theirs: named(THEIRS, ms(official)),
      ours: ms(ours),
      ...target(ours / official),
    })
  }
  const officialWrite = { name: THEIRS, rounds: 20, run: () => theirs.dumpsTyped(messages) }
  const officialRead = { name: THEIRS, rounds: 20, run: () => theirs.loadsTyped(theirType, theirBytes) }
  await race('serialize', [{ name: MINE, run: () => mine.dumpsTyped(messages) }, officialWrite], (ratio) =>
    atMostTimes(ratio, 0.6, 'official'),
  )
  await race('cut, serialize and name', [{ name: ENCODER, run: cold }, officialWrite], (ratio) => ({
    ...atMostTimes(ratio, 0.6, 'official'),
    target: '–',
    isMet: undefined,
  }))
  await race('the same, one message appended to what was read', [appendingTo(read), officialWrite], (ratio) =>
    atMostFraction(ratio, 12),
  )
  await race(
    'the same, one message appended to what was read, ten times in a row',
    [appendingTo(read), officialWrite],
    (ratio) => ({ ...atMostFraction(ratio, 12), target: '–', isMet: undefined }),
    { rounds: 8, inARow: 10 },
  )
  await race('the same, one message appended to what was put', [appendingTo(messages), officialWrite], (ratio) => ({
    ...atMostFraction(ratio, 12),
    target: '–',
    isMet: undefined,
  }))
  await race('revive', [{ name: MINE, run: () => mine.loadsTyped(type, bytes) }, officialRead], (ratio) =>
    atMostFraction(ratio, 12),
  )
  await race(
    'revive, parsed before',
    [{ name: ENCODER, run: () => decoder.decode(node, parts) }, officialRead],
    (ratio) => atMostFraction(ratio, 40),
  )
  return { figures, measurements }
}

function plain(message: BaseMessage): unknown {
  return message.toDict()
}
