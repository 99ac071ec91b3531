/** A run in Markdown: the figures of the design first, then everything that was measured. */
import type { Measurement } from './measure.ts'
import { bytes, ms, round, type Figure, type Series, type Table } from './workload.ts'

export interface Report {
  readonly date: string
  readonly command: string
  readonly versions: Readonly<Record<string, string>>
  readonly machine: string
  readonly server: string
  readonly settings: Readonly<Record<string, string>>
  /** By method: to what part of its size the text of a message is compressed. */
  readonly compression: Readonly<Record<string, number>>
  readonly seconds: number
  readonly figures: readonly Figure[]
  readonly measurements: readonly Measurement[]
  readonly tables: readonly Table[]
  readonly notes: readonly string[]
  readonly series: readonly Series[]
  readonly checked: number
}

export function markdownOf(report: Report): string {
  const { figures, measurements, tables, notes } = report
  const asked = figures.filter(({ isMet }) => isMet !== undefined)
  const met = asked.filter(({ isMet }) => isMet)
  return [
    environmentOf(report),
    `### Figures: ${met.length} of ${asked.length} reached`,
    table(
      ['work', 'PostgresSaver, or who is named', 'ours', 'reached', 'target', 'met'],
      figures.map(({ work, theirs, ours, reached, target, isMet }) => [
        work,
        theirs,
        ours,
        reached,
        target,
        isMet === undefined ? '' : isMet ? 'yes' : '**no**',
      ]),
    ),
    ...tables.flatMap(({ title, text, head, rows }) => [`### ${title}`, text, table(head, rows)]),
    ...(measurements.length === 0
      ? []
      : [
          '### All measurements',
          'Each column but the first five is the share of one call. WAL holds full page images where a checkpoint of Postgres fell between.',
          table(
            [
              'work',
              'who',
              'runs',
              'median',
              'p99',
              'per s',
              'round trips',
              'sent',
              'received',
              'WAL',
              'CPU client',
              'CPU server',
            ],
            measurements.map(rowOf),
          ),
        ]),
    ...(notes.length === 0 ? [] : ['### Besides', notes.map((note) => `- ${note}`).join('\n')]),
    '',
  ].join('\n\n')
}

/** The rows that somebody who chooses a saver wants to see. */
export function summaryOf({ figures, date, versions, machine, settings }: Report): string {
  const headlines = figures.filter(({ headline }) => headline !== undefined)
  return [
    '![Bytes at rest and put latency over the length of a conversation](bench/growth.svg)',
    table(
      ['', 'official saver', 'this package'],
      headlines.map(({ headline, theirs, ours }) => [headline ?? '', theirs, ours]),
    ),
    `PostgresSaver ${versions['@langchain/langgraph-checkpoint-postgres']} and MemorySaver ${versions['@langchain/langgraph-checkpoint']} against this release, in one run: ${date}, Postgres ${settings['server_version']}, Node ${versions['node']}, ${machine}. [How, and everything else](bench/README.md)`,
  ].join('\n\n')
}

function environmentOf({
  date,
  command,
  versions,
  machine,
  server,
  settings,
  compression,
  seconds,
  checked,
}: Report): string {
  const { server_version: postgres, default_toast_compression: toast, ...others } = settings
  const ratios = Object.entries(compression).map(([method, ratio]) => `${method} ${round(ratio)}`)
  const lacksLz4 = 'lz4' in compression ? '' : '; this server has no lz4'
  return [
    `\`${command}\` on ${date}, ${seconds} s; ${checked} checkpoints were read back and compared with what was put.`,
    [
      `- ${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}`,
      `- ${machine}`,
      `- Postgres ${postgres} (${server}): ${Object.entries(others)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
      `- the text of a message compresses to: ${ratios.join(', ')}; the server's default is ${toast}${lacksLz4}`,
    ].join('\n'),
  ].join('\n\n')
}

function rowOf(measurement: Measurement): string[] {
  const { what, who, runs, medianMs, p99Ms, perSecond, roundTrips } = measurement
  const { sentBytes, receivedBytes, walBytes, clientCpuMs, serverCpuMs } = measurement
  const shown = (value: number | undefined, show: (value: number) => string) => (value === undefined ? '' : show(value))
  return [
    what,
    who,
    String(runs),
    ms(medianMs),
    ms(p99Ms),
    shown(perSecond, (value) => String(Math.round(value))),
    shown(roundTrips, (value) => String(Number(value.toFixed(2)))),
    shown(sentBytes, bytes),
    shown(receivedBytes, bytes),
    shown(walBytes, bytes),
    shown(clientCpuMs, ms),
    shown(serverCpuMs, ms),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
