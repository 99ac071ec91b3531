import { UnderWay } from '../../../src/observe/under-way.ts'

/** Work that ends when it is told to. */
function openWork(): { work: () => Promise<string>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => {}
  const promise = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve('done') : reject(error))
  })
  return { work: () => promise, end }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('without any work, it has ended', async () => {
  await expect(new UnderWay().ended()).resolves.toBeUndefined()
})

test('all that is under way is waited for, whether it succeeds or fails', async () => {
  const underWay = new UnderWay()
  const [first, second] = [openWork(), openWork()]
  const results = Promise.allSettled([underWay.run(first.work), underWay.run(second.work)])
  let hasEnded = 0
  const waits = [underWay.ended(), underWay.ended()].map((ended) => ended.then(() => hasEnded++))
  first.end()
  for (let i = 0; i < 5; i++) await turn()
  expect(hasEnded).toBe(0)
  second.end(new Error('failed'))
  await Promise.all(waits)
  expect(hasEnded).toBe(2)
  expect((await results).map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected'])
})

test('work that is called when the one before has ended is waited for, too', async () => {
  const underWay = new UnderWay()
  const [first, second] = [openWork(), openWork()]
  const followed = underWay.run(first.work).then(() => underWay.run(second.work))
  let hasEnded = false
  const ended = underWay.ended().then(() => (hasEnded = true))
  first.end()
  for (let i = 0; i < 5; i++) await turn()
  expect(hasEnded).toBe(false)
  second.end()
  await ended
  await expect(followed).resolves.toBe('done')
})

test('work that is called in the same turn of the event loop, after the wait has begun, is waited for', async () => {
  const underWay = new UnderWay()
  const { work, end } = openWork()
  let hasEnded = false
  const ended = underWay.ended().then(() => (hasEnded = true))
  void Promise.resolve().then(() => underWay.run(work))
  for (let i = 0; i < 5; i++) await turn()
  expect(hasEnded).toBe(false)
  end()
  await ended
})
