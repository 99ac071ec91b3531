/** What every tier does, near or far. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Part, type PartKind, type PartName } from '../../src/codec/part.ts'
import type { PartTier, TierStats } from '../../src/tiers/part-tier.ts'
import { textOf } from '../support/checkpoints.ts'

export interface OpenedTier {
  readonly tier: PartTier & { stats(): TierStats }
  /** Resolves when the tier has taken, or dropped, all that it was offered, and has removed what it was to forget. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** @param open a tier that holds nothing of these threads, with room for 16 MB and values of up to 1 MB */
export function runTierContract(name: string, open: () => Promise<OpenedTier>): void {
  describe(name, () => {
    let opened: OpenedTier
    let tier: OpenedTier['tier']
    let thread: string
    beforeAll(async () => {
      opened = await open()
      tier = opened.tier
    })
    afterAll(() => opened.close())
    beforeEach(() => {
      thread = randomUUID()
    })

    const offer = async (parts: readonly Part[], threadId = thread): Promise<void> => {
      tier.offer(threadId, parts)
      await opened.settled()
    }

    it('is empty at first', async () => {
      expect(await tier.get(thread, namesOf(manyParts(3)))).toEqual([])
    })

    it('accepts empty lists', async () => {
      expect(await tier.get(thread, [])).toEqual([])
      tier.offer(thread, [])
      tier.forget(thread, [])
    })

    it.each(Object.entries(PARTS))('gives back %s', async (_, part) => {
      await offer([part])
      const [found] = await tier.get(thread, [part.name])
      expect(found?.name).toBe(part.name)
      expect(contentOf(found)).toEqual(contentOf(part))
    })

    it('gives back a thousand parts in any order', async () => {
      const parts = manyParts(1000)
      await offer(parts)
      const found = await tier.get(thread, namesOf(parts).toReversed())
      expect(new Map(found.map((part) => [part.name, part.text]))).toEqual(
        new Map(parts.map((part) => [part.name, part.text])),
      )
    })

    it('leaves out of its answer the parts that it does not have', async () => {
      const [had, ...others] = manyParts(5) as [Part, ...Part[]]
      await offer([had])
      const found = await tier.get(thread, [...namesOf(others), had.name])
      expect(namesOf(found)).toEqual([had.name])
    })

    it('accepts a part that it has already', async () => {
      const [part] = manyParts(1) as [Part]
      await offer([part])
      await offer([part, part])
      expect(namesOf(await tier.get(thread, [part.name]))).toEqual([part.name])
    })

    it('accepts parts without making its caller wait', async () => {
      const [part] = manyParts(1) as [Part]
      expect(tier.offer(thread, new Set([part]))).toBeUndefined()
      await opened.settled()
      expect(namesOf(await tier.get(thread, [part.name]))).toEqual([part.name])
    })

    it('answers many questions at once', async () => {
      const parts = manyParts(50)
      await offer(parts)
      const answers = await Promise.all(Array.from({ length: 20 }, () => tier.get(thread, namesOf(parts))))
      expect(answers.map((answer) => answer.length)).toEqual(answers.map(() => parts.length))
    })

    it('forgets the parts of one thread and no others', async () => {
      const [one, other] = manyParts(2) as [Part, Part]
      await offer([one, other])
      tier.forget(thread, [one.name])
      await opened.settled()
      expect(namesOf(await tier.get(thread, [one.name, other.name]))).toEqual([other.name])
    })

    it('accepts a part again that it had to forget', async () => {
      const parts = manyParts(2)
      await offer(parts)
      tier.forget(thread, namesOf(parts))
      await offer(parts)
      expect(await tier.get(thread, namesOf(parts))).toHaveLength(2)
    })

    it('keeps parts of threads with any id', async () => {
      for (const id of ['', '{x}', 'a:b', '*', '\u0000', 'é\ud83d\ude00', '__proto__', 'x'.repeat(600)]) {
        const parts = manyParts(2)
        await offer(parts, id)
        expect(await tier.get(id, namesOf(parts))).toHaveLength(2)
      }
    })

    it('counts the parts that it found and those that it did not', async () => {
      const [one, other] = manyParts(2) as [Part, Part]
      await offer([one])
      const before = tier.stats()
      await tier.get(thread, [one.name, other.name])
      expect(tier.stats()).toMatchObject({ hits: before.hits + 1, misses: before.misses + 1 })
    })

    it('is usable where nothing is wrong', () => {
      expect(tier.isUsable()).toBe(true)
    })
  })
}

const jsonOf = (kind: PartKind, value: unknown): Part => Part.of(kind, JSON.stringify(value))

const PARTS: Readonly<Record<string, Part>> = {
  'a value': jsonOf('v', { text: 'hello', n: 1 }),
  'an empty text': Part.of('t', ''),
  'a group': jsonOf('g', [1, 'two', null]),
  'an index': jsonOf('i', ['v0000000000000000000000', { is: [1] }]),
  'a piece of a text, cut within a string': Part.of('t', '"begins and does not'),
  'text of every plane': jsonOf('v', 'é — \u0000 \u2028 \ud83d\ude00 \uffff'),
  'lone surrogates': jsonOf('v', '\ud800 and \udc00'),
  'every byte': Part.of(
    'b',
    Uint8Array.from({ length: 256 }, (_, i) => i),
  ),
  'no bytes': Part.of('b', new Uint8Array()),
  'the largest piece of text': Part.of('t', 'ü'.repeat(65_536)),
  'the largest piece of bytes': Part.of('b', randomBytes(65_536)),
}

let seed = 0

function manyParts(count: number): Part[] {
  return Array.from({ length: count }, () => jsonOf('v', textOf(++seed, 300)))
}

function namesOf(parts: readonly Part[]): PartName[] {
  return parts.map((part) => part.name)
}

function contentOf(part: Part | undefined): unknown {
  return part?.bytes === undefined ? part?.text : Buffer.from(part.bytes).toString('hex')
}
