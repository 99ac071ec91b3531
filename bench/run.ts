/** `npm run bench`: the official savers and ours side by side. See README.md. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeMachine, describeVersions } from './environment.ts'
import { plot } from './plot.ts'
import { Progress } from './progress.ts'
import { markdownOf, summaryOf, type Report } from './report.ts'
import { Server } from './server.ts'
import type { Outcome, Workload } from './workload.ts'
import { MESSAGE_CHARS } from './conversation.ts'
import { calls } from './workloads/calls.ts'
import { concurrency } from './workloads/concurrency.ts'
import { delta } from './workloads/delta.ts'
import { get } from './workloads/get.ts'
import { growth } from './workloads/growth.ts'
import { invoke } from './workloads/invoke.ts'
import { largeState } from './workloads/large-state.ts'
import { list } from './workloads/list.ts'
import { listAll } from './workloads/list-all.ts'
import { memory } from './workloads/memory.ts'
import { network } from './workloads/network.ts'
import { put } from './workloads/put.ts'
import { serializer } from './workloads/serializer.ts'
import { sweep } from './workloads/sweep.ts'

const WORKLOADS: readonly Workload[] = [
  calls,
  put,
  get,
  growth,
  invoke,
  largeState,
  concurrency,
  list,
  listAll,
  delta,
  network,
  memory,
  serializer,
  sweep,
]

const HELP = `npm run bench -- [--only <names>] [--publish]

  --only     some of: ${WORKLOADS.map(({ name }) => name).join(', ')}
  --publish  puts the tables and the plot of a whole run into bench/README.md, bench/growth.svg and README.md

TEST_POSTGRES_URL names the server to use, by a user who may create databases; else one starts for the run.
`

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, publish: { type: 'boolean' }, help: { type: 'boolean' } },
})

if (options.help) process.stdout.write(HELP)
else await bench(chosen(options.only), options.publish === true)

function chosen(only: string | undefined): readonly Workload[] {
  const names = only?.split(',').map((name) => name.trim()) ?? WORKLOADS.map(({ name }) => name)
  const unknown = names.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown.length > 0) throw new Error(`There is no workload ${unknown.join(', ')}.\n${HELP}`)
  return WORKLOADS.filter(({ name }) => names.includes(name))
}

async function bench(workloads: readonly Workload[], isPublished: boolean): Promise<void> {
  if (isPublished && workloads.length < WORKLOADS.length)
    throw new Error('Only a whole run is published: leave out --only.')
  const progress = new Progress(workloads.length)
  const server = await Server.open()
  const outcomes: Outcome[] = []
  try {
    const settings = await server.settings()
    const compression = await server.compression(MESSAGE_CHARS)
    for (const { name, run } of workloads) {
      progress.begin(name)
      outcomes.push(await run({ server, step: (what) => progress.step(what) }))
      progress.end()
    }
    await publish(
      {
        date: new Date().toISOString().slice(0, 10),
        command: ['npm run bench', ...(options.only === undefined ? [] : [`-- --only ${options.only}`])].join(' '),
        versions: await describeVersions(),
        machine: describeMachine(),
        server: server.origin,
        settings,
        compression,
        seconds: progress.seconds,
        figures: outcomes.flatMap(({ figures }) => figures),
        measurements: outcomes.flatMap(({ measurements }) => measurements),
        tables: outcomes.flatMap(({ tables }) => tables ?? []),
        notes: outcomes.flatMap(({ notes }) => notes ?? []),
        series: outcomes.flatMap(({ series }) => series ?? []),
        checked: outcomes.reduce((sum, { checked }) => sum + checked, 0),
      },
      isPublished,
    )
  } finally {
    await server.stop()
  }
}

async function publish(report: Report, isPublished: boolean): Promise<void> {
  const markdown = markdownOf(report)
  process.stdout.write(markdown)
  const results = new URL('results/', import.meta.url)
  await mkdir(results, { recursive: true })
  await writeFile(new URL('latest.json', results), `${JSON.stringify(report, undefined, 1)}\n`)
  await writeFile(new URL('latest.md', results), markdown)
  const picture = report.series.length > 0 ? plot(report) : undefined
  if (picture !== undefined) await writeFile(new URL('growth.svg', results), picture)
  if (!isPublished || picture === undefined) return
  await writeFile(new URL('growth.svg', import.meta.url), picture)
  await replaceBetween(new URL('README.md', import.meta.url), 'results', markdown)
  await replaceBetween(new URL('../README.md', import.meta.url), 'figures', summaryOf(report))
}

/** What stands between `<!-- name -->` and `<!-- /name -->`; the first alone marks a place that is empty yet. */
async function replaceBetween(file: URL, name: string, text: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = before.indexOf(start)
  if (from < 0) throw new Error(`${file.pathname} has no ${start}.`)
  const to = before.includes(end) ? before.indexOf(end) + end.length : from + start.length
  await writeFile(file, `${before.slice(0, from)}${start}\n\n${text.trim()}\n\n${end}${before.slice(to)}`)
}
