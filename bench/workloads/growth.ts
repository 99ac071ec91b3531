/** A whole conversation, turn by turn, through a compiled graph: what a turn takes and what it leaves behind. */
import { MESSAGE_CHARS, MESSAGES_PER_TURN, agent, messagesTo, takeTurn, type Agent } from '../conversation.ts'
import { Tally, type Measurement } from '../measure.ts'
import { withBoth, type PgSubject } from '../savers.ts'
import { Witness, rememberLength } from '../witness.ts'
import { bytes, ms, round, type Bench, type Figure, type Outcome, type Series, type Workload } from '../workload.ts'

/** Where the slope is looked at; turns are whole, so 52 stands for 50. */
const LENGTHS = [52, 200, 500, 2000]
/** The official saver stops here: what it stores grows with the square, 2,000 messages would be 2.5 GB. */
const OFFICIAL_LENGTH = 500
/** Turns that a time "at n messages" is the median of. */
const RECENT_TURNS = 5
/** Checkpoints of the 2,000 messages and of the official saver that are compared; of this package's, all of the first 500. */
const SAMPLE = 12

const THREAD = 'growth'
/** Times the text. */
const AT_REST_TARGET = 2
const SENT_TARGET = 2.2

/** Messages of this length are looked at as well. */
const SHORT_CHARS = 200

export const growth: Workload = {
  name: 'growth',
  run: async (bench) => {
    const long = await grow(bench, MESSAGE_CHARS)
    const short = await grow(bench, SHORT_CHARS)
    return {
      figures: [...long.figures, ...short.figures],
      measurements: [...long.measurements, ...short.measurements],
      checked: long.checked + short.checked,
      notes: [...(long.notes ?? []), ...(short.notes ?? [])],
      series: [...(long.series ?? []), ...(short.series ?? [])],
    }
  },
}

function grow(bench: Bench, chars: number): Promise<Outcome> {
  const of = (messages: number) => `${messages} messages of ${sizeOf(chars)}`
  return withBoth(bench.server.url, `growth_${chars}`, async (ours, official) => {
    const sides = [
      new Side(bench, ours, Math.max(...LENGTHS), chars),
      new Side(bench, official, OFFICIAL_LENGTH, chars),
    ]
    const figures: Figure[] = []
    const notes: string[] = []
    let checked = 0
    for (let held = 0; held < Math.max(...LENGTHS);) {
      for (const side of sides) if (held < side.length) await side.turn(held)
      held += MESSAGES_PER_TURN
      if (held % 100 === 0) bench.step(`turn ${held / MESSAGES_PER_TURN}, ${of(held)}`)
      if (!LENGTHS.includes(held)) continue
      for (const side of sides) if (held <= side.length) await side.look(held)
      if (held === OFFICIAL_LENGTH) checked += await (sides[0] as Side).checkAll()
    }
    for (const side of sides) checked += await side.check()
    const [mine, theirs] = sides as [Side, Side]
    const ofText = (size: number | undefined, messages: number) =>
      size === undefined ? 'not run' : `${bytes(size)}, ${round(size / (messages * chars))} × the text`
    const against = (size: number, messages: number, target: number) => {
      const ratio = size / (messages * chars)
      const reached = `${round(ratio)} × the text`
      // What a checkpoint takes by itself is no part of the text: of short messages, it is most.
      if (chars !== MESSAGE_CHARS) return { reached, target: '–', isMet: undefined }
      return { reached, target: `≤ ${target} × the text`, isMet: ratio <= target }
    }
    for (const length of LENGTHS.slice(-2)) {
      const size = mine.looks.get(length)?.atRest ?? Number.NaN
      figures.push({
        work: `bytes at rest, ${of(length)}`,
        ...(length === OFFICIAL_LENGTH ? { headline: `bytes at rest of ${of(length)}` } : {}),
        theirs: length > OFFICIAL_LENGTH ? 'not run' : ofText(theirs.looks.get(length)?.atRest, length),
        ours: ofText(size, length),
        ...against(size, length, AT_REST_TARGET),
      })
    }
    const sent = mine.looks.get(OFFICIAL_LENGTH)?.sent ?? Number.NaN
    figures.push({
      headline: `bytes sent to Postgres for them`,
      work: `bytes sent to Postgres, ${of(OFFICIAL_LENGTH)}`,
      theirs: ofText(theirs.looks.get(OFFICIAL_LENGTH)?.sent, OFFICIAL_LENGTH),
      ours: ofText(sent, OFFICIAL_LENGTH),
      ...against(sent, OFFICIAL_LENGTH, SENT_TARGET),
    })
    for (const { subject, looks } of sides) {
      for (const [length, { atRest, tables, sent: sentBytes, wal, turnMs }] of looks) {
        const parts = Object.entries(tables).map(([name, size]) => `${name} ${bytes(size)}`)
        notes.push(
          `${subject.name}, ${of(length)}: ${ofText(atRest, length)} at rest (${parts.join(', ')}); ` +
            `${ofText(sentBytes, length)} sent; ${ofText(wal, length)} of WAL; a turn ${ms(turnMs)}`,
        )
      }
    }
    return {
      figures,
      measurements: sides.map((side) => side.measurement),
      checked,
      notes,
      series: sides.map((side) => side.series),
    }
  })
}

interface Look {
  readonly atRest: number
  readonly tables: Readonly<Record<string, number>>
  /** Since the beginning of the conversation. */
  readonly sent: number
  readonly wal: number
  /** Median of the last few. */
  readonly turnMs: number
}

/** One saver's conversation. */
class Side {
  readonly subject: PgSubject
  readonly length: number
  readonly #chars: number
  readonly looks = new Map<number, Look>()
  readonly #bench: Bench
  readonly #witness: Witness
  readonly #app: Agent
  readonly #tally: Tally
  readonly #points: [number, number][] = []
  #checkedAlready = 0

  constructor(bench: Bench, subject: PgSubject, length: number, chars: number) {
    this.#bench = bench
    this.subject = subject
    this.length = length
    this.#chars = chars
    this.#witness = new Witness(rememberLength(messagesTo(length, chars)))
    this.#app = agent(this.#witness.watch(subject.saver), chars)
    this.#tally = new Tally(bench.server, {
      name: subject.name,
      wire: subject.wire,
      run: (held) => takeTurn(this.#app, THREAD, held, 'async', chars),
    })
  }

  async turn(held: number): Promise<void> {
    await this.#tally.time(held)
    const now = held + MESSAGES_PER_TURN
    if (now % 20 === 0) this.#points.push([now, total(await this.#bench.server.sizeOf(this.subject.schema))])
  }

  async look(held: number): Promise<void> {
    await this.#bench.server.vacuum(this.subject.schema)
    const tables = await this.#bench.server.sizeOf(this.subject.schema)
    const { runs, sentBytes = Number.NaN, walBytes = Number.NaN } = this.measurement
    this.looks.set(held, {
      tables,
      atRest: total(tables),
      sent: sentBytes * runs,
      wal: walBytes * runs,
      turnMs: this.#tally.recentMs(RECENT_TURNS),
    })
  }

  /** The whole history so far, by `list`. */
  async checkAll(): Promise<number> {
    this.#checkedAlready = this.#witness.ids.length
    return this.#witness.check(await this.subject.cold(), THREAD)
  }

  /** Some of what came since. */
  async check(): Promise<number> {
    if (this.#checkedAlready === this.#witness.ids.length) return 0
    return this.#witness.check(await this.subject.cold(), THREAD, this.#witness.sample(SAMPLE))
  }

  get measurement(): Measurement {
    return this.#tally.measurement(`a turn of the agent, up to ${this.length} messages of ${sizeOf(this.#chars)}`)
  }

  get series(): Series {
    return { quantity: 'bytes at rest', who: this.subject.name, chars: this.#chars, points: this.#points }
  }
}

function total(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, size) => sum + size, 0)
}

function sizeOf(chars: number): string {
  return chars === MESSAGE_CHARS ? '2 KB' : `${chars} characters`
}
