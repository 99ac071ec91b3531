/** The plot: what a conversation leaves at rest, and what a put at its end takes, over its length. SVG, by hand. */
import { MESSAGE_CHARS } from './conversation.ts'
import type { Report } from './report.ts'
import { OFFICIAL, OURS } from './savers.ts'
import { bytes, ms, type Series } from './workload.ts'

const WIDTH = 880
const HEIGHT = 380
const TOP = 58
const BOTTOM = 92
const PANEL = { width: 330, gap: 90, left: 70 }
const TEXT = 'the text itself'
/** Lengths that are written below. */
const MARKS = [20, 50, 100, 200, 500, 1000, 2000]

/** Two panels beside each other. Both axes are logarithmic: what grows with the square is twice as steep. */
export function plot({ series, date, versions, machine, settings }: Report): string {
  const of = (quantity: Series['quantity']) =>
    series.filter((one) => one.quantity === quantity && one.points.length > 0)
  const atRest = of('bytes at rest')
  const lengths = series.flatMap(({ points }) => points.map(([messages]) => messages))
  const span = [Math.min(...lengths), Math.max(...lengths)] as const
  const sizes = [...new Set(atRest.map(({ chars }) => chars))]
  const texts = sizes.map((chars): Line => ({
    who: TEXT,
    chars,
    points: span.map((messages) => [messages, messages * chars] as const),
  }))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">Bytes at rest and put latency over the length of a conversation, PgCheckpointer against PostgresSaver</title>
<style>
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #57606a }
  .title { font-size: 14px; font-weight: 600; fill: #24292f }
  .foot { font-size: 10.5px }
  .grid { stroke: #8c959f; stroke-opacity: .3 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
  .ours { stroke: #1f6feb } text.ours { fill: #1f6feb; stroke: none; font-weight: 600 } circle.ours { fill: #1f6feb }
  .official { stroke: #bc4c00 } text.official { fill: #bc4c00; stroke: none; font-weight: 600 } circle.official { fill: #bc4c00 }
  .short { stroke-width: 1.5; stroke-dasharray: 7 3 }
  .text { stroke: #8c959f; stroke-dasharray: 4 4; stroke-width: 1.5 } text.text { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc }
    .ours { stroke: #58a6ff } text.ours, circle.ours { fill: #58a6ff }
    .official { stroke: #f0883e } text.official, circle.official { fill: #f0883e }
  }
</style>
${panel(0, 'Bytes at rest', [...atRest, ...texts], span, bytes)}
${panel(1, 'put at the end of the conversation, median', of('put'), span, ms)}
<text class="foot" x="${PANEL.left}" y="${HEIGHT - 26}">${escape(
    `${date}. langgraph-pg-checkpointer ${versions['langgraph-pg-checkpointer']}, PostgresSaver ${versions['@langchain/langgraph-checkpoint-postgres']}, Postgres ${settings['server_version']}, Node ${versions['node']}, ${machine}.`,
  )}</text>
<text class="foot" x="${PANEL.left}" y="${HEIGHT - 10}">Messages of 2 KB (dashed: of 200 characters), four a turn, by an agent of LangGraph. Both axes are logarithmic.</text>
</svg>
`
}

interface Line {
  readonly who: string
  /** Of a message. */
  readonly chars: number
  readonly points: readonly (readonly [messages: number, value: number])[]
}

function panel(
  index: number,
  title: string,
  lines: readonly Line[],
  [shortest, longest]: readonly [number, number],
  show: (value: number) => string,
): string {
  const left = PANEL.left + index * (PANEL.width + PANEL.gap)
  const [top, bottom] = [TOP, HEIGHT - BOTTOM]
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value))
  const [low, high] = [Math.log10(Math.min(...values) / 1.5), Math.log10(Math.max(...values) * 1.5)]
  const x = (messages: number) => left + (Math.log(messages / shortest) / Math.log(longest / shortest)) * PANEL.width
  const y = (value: number) => bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - top)
  const decades = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => 10 ** (Math.ceil(low) + i))
  const rows = decades.map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${left + PANEL.width}" y1="${at(y(value))}" y2="${at(y(value))}"/>` +
      `<text x="${left - 8}" y="${at(y(value) + 4)}" text-anchor="end">${plain(show(value))}</text>`,
  )
  const columns = MARKS.filter((messages) => messages >= shortest && messages <= longest).map(
    (messages) => `<text x="${at(x(messages))}" y="${bottom + 18}" text-anchor="middle">${messages}</text>`,
  )
  return [
    `<text class="title" x="${left}" y="${top - 26}">${escape(title)}</text>`,
    ...rows,
    ...columns,
    `<text x="${left + PANEL.width / 2}" y="${bottom + 34}" text-anchor="middle">messages</text>`,
    ...lines.map((line) => lineOf(line, longest, x, y)),
  ].join('\n')
}

function lineOf(
  { who, chars, points }: Line,
  longest: number,
  x: (messages: number) => number,
  y: (value: number) => number,
): string {
  const isShort = chars !== MESSAGE_CHARS
  const caption = isShort ? `${who}, ${chars} characters` : who
  const kind = { [OURS]: 'ours', [OFFICIAL]: 'official', [TEXT]: 'text' }[who] ?? 'text'
  const path = points.map(([messages, value]) => `${at(x(messages))},${at(y(value))}`).join(' ')
  const dots =
    points.length > 8 || kind === 'text'
      ? []
      : points.map(
          ([messages, value]) => `<circle class="${kind}" r="3.5" cx="${at(x(messages))}" cy="${at(y(value))}"/>`,
        )
  const label = (messages: number, value: number, dx: number, dy: number, anchor: 'start' | 'end') =>
    `<text class="${kind}" x="${at(x(messages) + dx)}" y="${at(y(value) + dy)}" text-anchor="${anchor}">${escape(caption)}</text>`
  const [messages, value] = points.at(-1) as readonly [number, number]
  // Beside the end of a line that stops early, above that of one that goes all the way, below the middle of the text's.
  const name =
    kind === 'text'
      ? label(Math.sqrt(messages * (points[0]?.[0] ?? 1)), Math.sqrt(value * (points[0]?.[1] ?? 1)), 12, 16, 'start')
      : messages < longest
        ? label(messages, value, 8, 4, 'start')
        : label(messages, value, 0, isShort ? 16 : -10, 'end')
  return [`<polyline class="line ${kind}${isShort ? ' short' : ''}" points="${path}"/>`, ...dots, name].join('\n')
}

/** `1.00 MB` as `1 MB`: the marks of an axis are round. */
function plain(text: string): string {
  return text.replace(/\.0+(?= )/, '')
}

function at(value: number): string {
  return String(Number(value.toFixed(1)))
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
