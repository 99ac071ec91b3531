/** What every tier does, near or far. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Part, type PartKind, type PartName } from '../../src/codec/part.ts'
import type { PartTier } from '../../src/tiers/part-tier.ts'
import { textOf } from '../support/checkpoints.ts'

export interface OpenedTier {
  readonly tier: PartTier
  /** Resolves when the tier has taken, or dropped, all that it was offered, and has removed what it was to forget. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** @param open a tier that holds nothing of these threads, with room for 16 MB and values of up to 1 MB */
export function runTierContract(name: string, open: () => Promise<OpenedTier>): void {
  describe(name, () => {
    let opened: OpenedTier
    let tier: PartTier
    let thread: string
    beforeAll(async () => {
      opened = await open()
      tier = opened.tier
    })
    afterAll(() => opened.close())
    beforeEach(() => {
      thread = randomUUID()
    })

    const put = async (parts: readonly Part[], threadId = thread): Promise<void> => {
      tier.put(threadId, parts)
      await opened.settled()
    }

    it('has nothing at first', async () => {
      expect(await tier.get(thread, namesOf(manyParts(3)))).toEqual([])
    })

    it('is asked for nothing', async () => {
      expect(await tier.get(thread, [])).toEqual([])
      tier.put(thread, [])
      tier.forget(thread, [])
    })

    it.each(Object.entries(PARTS))('gives back %s', async (_, part) => {
      await put([part])
      const [found] = await tier.get(thread, [part.name])
      expect(found?.name).toBe(part.name)
      expect(contentOf(found)).toEqual(contentOf(part))
    })

    it('gives back a thousand parts, whatever order they are asked for in', async () => {
      const parts = manyParts(1000)
      await put(parts)
      const found = await tier.get(thread, namesOf(parts).toReversed())
      expect(new Map(found.map((part) => [part.name, part.text]))).toEqual(
        new Map(parts.map((part) => [part.name, part.text])),
      )
    })

    it('gives what it has, and is silent about the rest', async () => {
      const [had, ...others] = manyParts(5) as [Part, ...Part[]]
      await put([had])
      const found = await tier.get(thread, [...namesOf(others), had.name])
      expect(namesOf(found)).toEqual([had.name])
    })

    it('takes a part that it has', async () => {
      const [part] = manyParts(1) as [Part]
      await put([part])
      await put([part, part])
      expect(namesOf(await tier.get(thread, [part.name]))).toEqual([part.name])
    })

    it('takes parts without making anybody wait', async () => {
      const [part] = manyParts(1) as [Part]
      expect(tier.put(thread, new Set([part]))).toBeUndefined()
      await opened.settled()
      expect(namesOf(await tier.get(thread, [part.name]))).toEqual([part.name])
    })

    it('gives parts to many who ask at once', async () => {
      const parts = manyParts(50)
      await put(parts)
      const answers = await Promise.all(Array.from({ length: 20 }, () => tier.get(thread, namesOf(parts))))
      expect(answers.map((answer) => answer.length)).toEqual(answers.map(() => parts.length))
    })

    it('forgets the parts of a thread, and no others', async () => {
      const [one, other] = manyParts(2) as [Part, Part]
      await put([one, other])
      tier.forget(thread, [one.name])
      await opened.settled()
      expect(namesOf(await tier.get(thread, [one.name, other.name]))).toEqual([other.name])
    })

    it('takes a part again that it had to forget', async () => {
      const parts = manyParts(2)
      await put(parts)
      tier.forget(thread, namesOf(parts))
      await put(parts)
      expect(await tier.get(thread, namesOf(parts))).toHaveLength(2)
    })

    it('does not mind what a thread is called', async () => {
      for (const id of ['', '{x}', 'a:b', '*', '\u0000', 'é\ud83d\ude00', '__proto__', 'x'.repeat(600)]) {
        const parts = manyParts(2)
        await put(parts, id)
        expect(await tier.get(id, namesOf(parts))).toHaveLength(2)
      }
    })

    it('counts what was found, and what was not', async () => {
      const [one, other] = manyParts(2) as [Part, Part]
      await put([one])
      const before = tier.stats()
      await tier.get(thread, [one.name, other.name])
      expect(tier.stats()).toMatchObject({ hits: before.hits + 1, misses: before.misses + 1 })
    })

    it('is usable', () => {
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
