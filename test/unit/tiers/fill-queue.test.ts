import { Part } from '../../../src/codec/part.ts'
import { FillQueue } from '../../../src/tiers/fill-queue.ts'
import { textOf } from '../../support/checkpoints.ts'

let seed = 0
const partOf = (size: number) => Part.of('t', textOf(++seed, size))
const turn = () => new Promise((done) => setImmediate(done))

/** A queue, and the keys that it has sent. `done` ends the sends that are under way. */
function newQueue(maxSize: number) {
  const sent: string[] = []
  const waiting: (() => void)[] = []
  const queue = new FillQueue((key) => {
    sent.push(key)
    return new Promise((resolve) => waiting.push(resolve))
  }, maxSize)
  return { queue, sent, done: () => waiting.splice(0).forEach((resolve) => resolve()) }
}

it('sends in a later turn of the event loop, in order', async () => {
  const { queue, sent } = newQueue(1000)
  for (const key of ['a', 'b', 'c']) queue.add(key, partOf(10))
  expect(sent).toEqual([])
  await turn()
  expect(sent).toEqual(['a', 'b', 'c'])
})

it('takes no more than its bound, and takes more once some is sent', async () => {
  const { queue } = newQueue(100)
  expect([queue.add('a', partOf(60)), queue.add('b', partOf(60)), queue.add('c', partOf(40))]).toEqual([
    true,
    false,
    true,
  ])
  await turn()
  expect(queue.add('d', partOf(100))).toBe(true)
})

it('sends a part once that is added again before it is sent', async () => {
  const { queue, sent, done } = newQueue(1000)
  const part = partOf(10)
  expect([queue.add('a', part), queue.add('a', part)]).toEqual([true, true])
  await turn()
  queue.add('a', part)
  await turn()
  expect(sent).toEqual(['a'])
  done()
  await turn()
  queue.add('a', part)
  await turn()
  expect(sent).toEqual(['a', 'a'])
})

it('sends few parts at a time', async () => {
  const { queue, sent, done } = newQueue(10_000_000)
  for (let i = 0; i < 100; i++) queue.add(`small ${i}`, partOf(10))
  await turn()
  const first = sent.length
  expect(first).toBeLessThan(100)
  for (let i = 0; i < 100; i++) queue.add(`large ${i}`, partOf(60_000))
  while (sent.length < 200) {
    done()
    await turn()
    await turn()
  }
  expect(new Set(sent).size).toBe(200)
})

it('drops parts that wait, and none that are being sent', async () => {
  const { queue, sent, done } = newQueue(1000)
  queue.add('x:1', partOf(10))
  await turn()
  queue.add('x:2', partOf(10))
  queue.add('y:1', partOf(10))
  expect(queue.drop('x:')).toBe(1)
  await turn()
  done()
  await turn()
  expect(sent).toEqual(['x:1', 'y:1'])
  expect(queue.drop()).toBe(0)
})

it('is idle when all parts are sent', async () => {
  const { queue, done } = newQueue(1000)
  await queue.idle()
  queue.add('a', partOf(10))
  let isIdle = false
  const idle = queue.idle().then(() => (isIdle = true))
  await turn()
  await turn()
  expect(isIdle).toBe(false)
  done()
  await idle
})

it('is idle when the remaining parts are dropped', async () => {
  const { queue } = newQueue(1000)
  queue.add('a', partOf(10))
  const idle = queue.idle()
  queue.drop()
  await expect(idle).resolves.toBeUndefined()
})
