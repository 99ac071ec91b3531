/** A whole conversation, turn by turn, through a compiled graph: what a turn takes and what it leaves behind. */
import { MESSAGE_CHARS, MESSAGES_PER_TURN, agent, messagesTo, takeTurn, type Agent } from '../conversation.ts'
import { Tally, type Measurement } from '../measure.ts'
import { withBoth, type PgSubject } from '../savers.ts'
import { Witness, rememberLength } from '../witness.ts'
import { bytes, ms, round, type Bench, type Figure, type Series, type Workload } from '../workload.ts'

/** Where the slope is looked at; turns are whole, so 52 stands for 50. */
const LENGTHS = [52, 200, 500, 2000]
/** The official saver stops here: what it stores grows with the square, 2,000 messages would be 2.5 GB. */
const OFFICIAL_LENGTH = 500
/** Turns that a time "at n messages" is the median of. */
const RECENT_TURNS = 5
/** Checkpoints of the 2,000 messages and of the official saver that are compared; of this package's, all of the first 500. */
const SAMPLE = 12

const THREAD = 'growth'
const script = messagesTo(Math.max(...LENGTHS))

export const growth: Workload = {
  name: 'growth',
  run: (bench) =>
    withBoth(bench.server.url, 'growth', async (ours, official) => {
      const sides = [new Side(bench, ours, Math.max(...LENGTHS)), new Side(bench, official, OFFICIAL_LENGTH)]
      const figures: Figure[] = []
      const notes: string[] = []
      let checked = 0
      for (let held = 0; held < script.length;) {
        for (const side of sides) if (held < side.length) await side.turn(held)
        held += MESSAGES_PER_TURN
        if (held % 100 === 0) bench.step(`turn ${held / MESSAGES_PER_TURN}, ${held} messages`)
        if (!LENGTHS.includes(held)) continue
        for (const side of sides) if (held <= side.length) await side.look(held)
        if (held === OFFICIAL_LENGTH) checked += await (sides[0] as Side).checkAll()
      }
      for (const side of sides) checked += await side.check()
      const [mine, theirs] = sides as [Side, Side]
      for (const length of LENGTHS.slice(-2)) {
        const size = mine.looks.get(length)?.atRest ?? Number.NaN
        figures.push({
          work: `bytes at rest, ${length} messages`,
          ...(length === OFFICIAL_LENGTH ? { headline: `bytes at rest of ${length} messages of 2 KB` } : {}),
          theirs: length > OFFICIAL_LENGTH ? 'not run' : ofText(theirs.looks.get(length)?.atRest, length),
          ours: ofText(size, length),
          ...atMostOfText(size, length, 2.6),
        })
      }
      const sent = mine.looks.get(OFFICIAL_LENGTH)?.sent ?? Number.NaN
      figures.push({
        headline: `bytes sent to Postgres for them`,
        work: `bytes sent to Postgres, ${OFFICIAL_LENGTH} messages`,
        theirs: ofText(theirs.looks.get(OFFICIAL_LENGTH)?.sent, OFFICIAL_LENGTH),
        ours: ofText(sent, OFFICIAL_LENGTH),
        ...atMostOfText(sent, OFFICIAL_LENGTH, 2.5),
      })
      for (const { subject, looks } of sides) {
        for (const [length, { atRest, tables, sent: sentBytes, wal, turnMs }] of looks) {
          const parts = Object.entries(tables).map(([name, size]) => `${name} ${bytes(size)}`)
          notes.push(
            `${subject.name}, ${length} messages: ${ofText(atRest, length)} at rest (${parts.join(', ')}); ` +
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
    }),
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
  readonly looks = new Map<number, Look>()
  readonly #bench: Bench
  readonly #witness = new Witness(rememberLength(script))
  readonly #app: Agent
  readonly #tally: Tally
  readonly #points: [number, number][] = []
  #checkedAlready = 0

  constructor(bench: Bench, subject: PgSubject, length: number) {
    this.#bench = bench
    this.subject = subject
    this.length = length
    this.#app = agent(this.#witness.watch(subject.saver))
    this.#tally = new Tally(bench.server, {
      name: subject.name,
      wire: subject.wire,
      run: (held) => takeTurn(this.#app, THREAD, held, 'async'),
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
    return this.#tally.measurement(`a turn of the agent, up to ${this.length} messages`)
  }

  get series(): Series {
    return { quantity: 'bytes at rest', who: this.subject.name, points: this.#points }
  }
}

function total(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, size) => sum + size, 0)
}

function ofText(size: number | undefined, messages: number): string {
  return size === undefined ? 'not run' : `${bytes(size)}, ${round(size / (messages * MESSAGE_CHARS))} × the text`
}

function atMostOfText(size: number, messages: number, target: number): Pick<Figure, 'reached' | 'target' | 'isMet'> {
  const ratio = size / (messages * MESSAGE_CHARS)
  return { reached: `${round(ratio)} × the text`, target: `≤ ${target} × the text`, isMet: ratio <= target }
}
