/** What a workload is given, and what it gives. */
import type { Measurement } from './measure.ts'
import type { Server } from './server.ts'

export interface Workload {
  /** For `--only`. */
  readonly name: string
  readonly run: (bench: Bench) => Promise<Outcome>
}

export interface Bench {
  readonly server: Server
  /** Says on the terminal what is going on now. */
  readonly step: (what: string) => void
}

export interface Outcome {
  readonly figures: readonly Figure[]
  readonly measurements: readonly Measurement[]
  /** Checkpoints that were read back and compared with what was put. */
  readonly checked: number
  /** Measurements that have a table of their own, and are none of `measurements`. */
  readonly tables?: readonly Table[]
  /** Something to be said below the tables. */
  readonly notes?: readonly string[]
  /** For the plot. */
  readonly series?: readonly Series[]
}

/** A row of the table of figures to reach. */
export interface Figure {
  readonly work: string
  /** What it is called in the project's README, if it stands there. */
  readonly headline?: string
  /** PostgresSaver's; of somebody else, with the name. */
  readonly theirs: string
  readonly ours: string
  /** Ours in the unit of the target. */
  readonly reached: string
  readonly target: string
  /** Undefined: nothing was asked for. */
  readonly isMet: boolean | undefined
}

export interface Table {
  readonly title: string
  /** Said above it. */
  readonly text: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Something that grows with a conversation. */
export interface Series {
  readonly quantity: 'bytes at rest' | 'put'
  readonly who: string
  /** Of a message. */
  readonly chars: number
  /** Messages, and bytes or milliseconds. */
  readonly points: readonly (readonly [messages: number, value: number])[]
}

/** Ours in units of the other, and at most so many of them: `times(0.8, 1.25, '× floor')`. */
export function atMostTimes(ratio: number, target: number, of: string): Pick<Figure, 'reached' | 'target' | 'isMet'> {
  return { reached: `${round(ratio)} × ${of}`, target: `≤ ${target} × ${of}`, isMet: ratio <= target }
}

/** Ours as a fraction of theirs: at most 1/target. */
export function atMostFraction(ratio: number, target: number): Pick<Figure, 'reached' | 'target' | 'isMet'> {
  return { reached: `1/${round(1 / ratio)}`, target: `≤ 1/${target}`, isMet: ratio <= 1 / target }
}

/** As `theirs`, where that is not PostgresSaver. */
export function named(who: string, value: string): string {
  return `${who}: ${value}`
}

export function ms(value: number): string {
  return `${round(value)} ms`
}

export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`
  return value < 1e6 ? `${round(value / 1e3)} KB` : `${round(value / 1e6)} MB`
}

/** Two digits at least, three at most. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}
