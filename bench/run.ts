/** `npm run bench`: all workloads, or `-- --only put,get`. */
import { readdirSync } from 'node:fs'
import { Server } from './server.ts'
import type { Workload } from './workload.ts'
const server = await Server.open()
try {
  const all: Workload[] = []
  for (const f of readdirSync(new URL('./workloads/', import.meta.url))) all.push(...Object.values(await import(`./workloads/${f}`)) as Workload[])
  for (const w of all.filter((w) => !process.argv[2] || process.argv[2].split(',').includes(w.name))) {
    const start = performance.now()
    const o = await w.run({ server, step: (x) => console.error(((performance.now() - start) / 1000).toFixed(1), x) })
    console.table(o.figures)
    console.table(o.measurements.map((m) => ({ ...m, medianMs: m.medianMs.toFixed(2), p99Ms: m.p99Ms.toFixed(1), clientCpuMs: m.clientCpuMs?.toFixed(2), serverCpuMs: m.serverCpuMs?.toFixed(2), walBytes: m.walBytes?.toFixed(0) })))
    console.log(o.checked, o.notes, JSON.stringify(o.series)?.slice(0, 500), (performance.now() - start) / 1000)
  }
} finally {
  await server.stop()
}
