/** Runs contestants in turn (A B C A B C …) and says how long each took and what each cost. */
import type { Server } from './server.ts'
import type { Traffic, Wire } from './wire.ts'

export interface Contestant {
  readonly name: string
  /** Its connections, if it has any; shared with no other contestant. */
  readonly wire?: Wire | undefined
  /** Fewer rounds than the others, for who is slow; spread evenly over theirs. */
  readonly rounds?: number | undefined
  /** Before each run, with no clock running. */
  readonly prepare?: ((round: number) => unknown) | undefined
  readonly run: (round: number) => unknown
}

/** One call's share. Undefined: it can't be seen here, or there is none. */
export interface Cost {
  readonly roundTrips?: number | undefined
  readonly sentBytes?: number | undefined
  readonly receivedBytes?: number | undefined
  readonly walBytes?: number | undefined
  readonly clientCpuMs?: number | undefined
  readonly serverCpuMs?: number | undefined
  /** Of the runs for which each is known by itself. */
  readonly clientCpuMedianMs?: number | undefined
  readonly serverCpuMedianMs?: number | undefined
}

/** What one contestant did of one kind of work. */
export interface Measurement extends Cost {
  readonly what: string
  readonly who: string
  readonly runs: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Where many ran at a time. */
  readonly perSecond?: number | undefined
}

export interface Race {
  readonly what: string
  readonly rounds: number
  /** Not counted. @default 5 */
  readonly warmups?: number
  /** Runs of one contestant before it is the next one's turn: the caches hold his own data then, not the others'. @default 1 */
  readonly inARow?: number
  readonly contestants: readonly Contestant[]
}

/** The measurements by the contestants' names. */
export async function alternate(server: Server, race: Race): Promise<Map<string, Measurement>> {
  const { what, rounds, contestants, warmups = 5, inARow = 1 } = race
  for (const contestant of contestants) {
    for (let i = Math.min(warmups, contestant.rounds ?? warmups); i > 0; i--) {
      await contestant.prepare?.(-i)
      await contestant.run(-i)
    }
  }
  const tallies = contestants.map((contestant) => new Tally(server, contestant))
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      if (!hasTurn(round, rounds, contestant.rounds ?? rounds)) continue
      for (let run = round * inARow; run < (round + 1) * inARow; run++) {
        await contestant.prepare?.(run)
        await (tallies[i] as Tally).time(run)
      }
    }
  }
  return new Map(tallies.map((tally) => [tally.contestant.name, tally.measurement(what)]))
}

/** Spreads a contestant's turns evenly over all rounds. */
function hasTurn(round: number, rounds: number, own: number): boolean {
  return Math.floor(((round + 1) * own) / rounds) > Math.floor((round * own) / rounds)
}

/**
 * Runs for which the server is asked about its log and its processes' time, before and after. Not all: two statements and
 * forty small files between any two runs leave the caches to the contestant that needs little of them.
 */
const SAMPLED = 10

/** Adds up what one contestant's runs cost, and nothing of what happens between them. */
export class Tally {
  readonly contestant: Contestant
  readonly #server: Server
  readonly #times: number[] = []
  #traffic: Traffic = { roundTrips: 0, statements: 0, sentBytes: 0, receivedBytes: 0 }
  readonly #clientCpuMs: number[] = []
  /** Undefined: it can't be seen here. */
  #serverCpuMs: number[] | undefined = []
  #walBytes = 0

  constructor(server: Server, contestant: Contestant) {
    this.contestant = contestant
    this.#server = server
  }

  async time(round: number): Promise<void> {
    const { wire, run } = this.contestant
    const sampled = this.#times.length < SAMPLED ? wire : undefined
    const walBefore = sampled && (await this.#server.walPosition())
    const serverBefore = sampled?.serverCpuMs
    const trafficBefore = wire?.traffic
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    await run(round)
    this.#times.push(performance.now() - start)
    const cpu = process.cpuUsage(cpuBefore)
    this.#clientCpuMs.push((cpu.user + cpu.system) / 1000)
    if (wire === undefined || trafficBefore === undefined) return
    this.#traffic = plus(this.#traffic, minus(wire.traffic, trafficBefore))
    if (walBefore === undefined) return
    this.#walBytes += (await this.#server.walPosition()) - walBefore
    const serverAfter = wire.serverCpuMs
    if (serverAfter === undefined || serverBefore === undefined) this.#serverCpuMs = undefined
    else this.#serverCpuMs?.push(serverAfter - serverBefore)
  }

  /** The share of one run. */
  measurement(what: string): Measurement {
    const runs = this.#times.length
    const sampled = Math.min(runs, SAMPLED)
    const client = this.#clientCpuMs
    const server = this.#serverCpuMs
    const time = {
      what,
      who: this.contestant.name,
      runs,
      medianMs: quantile(this.#times, 0.5),
      p99Ms: quantile(this.#times, 0.99),
      clientCpuMs: sum(client) / runs,
      clientCpuMedianMs: quantile(client, 0.5),
    }
    if (this.contestant.wire === undefined) return time
    return {
      ...time,
      roundTrips: this.#traffic.roundTrips / runs,
      sentBytes: this.#traffic.sentBytes / runs,
      receivedBytes: this.#traffic.receivedBytes / runs,
      walBytes: this.#walBytes / sampled,
      serverCpuMs: server && sum(server) / sampled,
      serverCpuMedianMs: server && quantile(server, 0.5),
    }
  }

  /** The last few times, for what grows. */
  recentMs(count: number): number {
    return quantile(this.#times.slice(-count), 0.5)
  }
}

/** Between two samples, the nearer one below; with few runs, p99 is the slowest. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = q === 0.5 ? (sorted.length - 1) / 2 : Math.ceil(q * sorted.length) - 1
  const low = sorted[Math.floor(at)] ?? Number.NaN
  return (low + (sorted[Math.ceil(at)] ?? low)) / 2
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** @throws where no contestant has that name */
export function of(results: ReadonlyMap<string, Measurement>, name: string): Measurement {
  const found = results.get(name)
  if (found === undefined) throw new Error(`${name} took no part.`)
  return found
}

export function minus(a: Traffic, b: Traffic): Traffic {
  return {
    roundTrips: a.roundTrips - b.roundTrips,
    statements: a.statements - b.statements,
    sentBytes: a.sentBytes - b.sentBytes,
    receivedBytes: a.receivedBytes - b.receivedBytes,
  }
}

function plus(a: Traffic, b: Traffic): Traffic {
  return {
    roundTrips: a.roundTrips + b.roundTrips,
    statements: a.statements + b.statements,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
  }
}
