import { CircuitBreaker } from '../../../src/tiers/circuit-breaker.ts'

let now = 0
const newBreaker = () => new CircuitBreaker({ failures: 3, openMs: 100, maxOpenMs: 300, clock: () => now })

function fail(breaker: CircuitBreaker, times: number): boolean[] {
  return Array.from({ length: times }, () => breaker.failed())
}

beforeEach(() => {
  now = 0
})

it('opens after so many failures in a row, and says so once', () => {
  const breaker = newBreaker()
  expect(fail(breaker, 3)).toEqual([false, false, true])
  expect(breaker.state).toBe('open')
})

it('counts failures from zero after a success', () => {
  const breaker = newBreaker()
  fail(breaker, 2)
  breaker.succeeded()
  fail(breaker, 2)
  expect(breaker.isClosed).toBe(true)
})

it('lets one probe through when its open time is over', () => {
  const breaker = newBreaker()
  fail(breaker, 3)
  now = 99
  expect(breaker.takeProbe()).toBe(false)
  now = 100
  expect([breaker.takeProbe(), breaker.takeProbe()]).toEqual([true, false])
  expect(breaker.isClosed).toBe(false)
})

it('closes when the probe succeeds', () => {
  const breaker = newBreaker()
  fail(breaker, 3)
  now = 100
  breaker.takeProbe()
  breaker.succeeded()
  expect(breaker.state).toBe('closed')
  expect(fail(breaker, 2)).toEqual([false, false])
})

it('stays open twice as long after each probe that fails, up to maxOpenMs', () => {
  const breaker = newBreaker()
  fail(breaker, 3)
  const waits: number[] = []
  for (let probe = 0; probe < 4; probe++) {
    const from = now
    while (!breaker.takeProbe()) now++
    waits.push(now - from)
    expect(breaker.failed()).toBe(true)
  }
  expect(waits).toEqual([100, 200, 300, 300])
})

it('stays open for openMs again after it has been closed', () => {
  const breaker = newBreaker()
  fail(breaker, 3)
  now = 100
  breaker.takeProbe()
  breaker.failed()
  now = 300
  breaker.takeProbe()
  breaker.succeeded()
  fail(breaker, 3)
  now = 400
  expect(breaker.takeProbe()).toBe(true)
})

it('ignores the outcome of calls that end while it is open', () => {
  const breaker = newBreaker()
  fail(breaker, 3)
  breaker.succeeded()
  expect(fail(breaker, 20)).not.toContain(true)
  now = 100
  expect(breaker.takeProbe()).toBe(true)
})

it('is closed at first, and gives out no probe', () => {
  expect(new CircuitBreaker().takeProbe()).toBe(false)
  expect(new CircuitBreaker().isClosed).toBe(true)
})
