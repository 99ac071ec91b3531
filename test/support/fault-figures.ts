/** A line of a fault test's report: what was injected, how often, and what was seen. */
export function report(what: string, figures: Readonly<Record<string, number | string>>): void {
  const row = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`)
  console.log(`| ${what.padEnd(44)} | ${row.join(' | ')} |`)
}

/** How often a fault is injected: few times in every run of the tests, often in `npm run test:faults`. */
export function timesOf(variable: string, few: number): number {
  const given = Number(process.env[variable] ?? few)
  if (!Number.isInteger(given) || given < 1) throw new Error(`${variable} must be a whole number of at least 1.`)
  return given
}
