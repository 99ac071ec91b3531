import { TestRunner } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    figures?: string[]
  }
}

/** Notes what the current test measured. The figures of a run are printed at its end, a line each, and kept in a file. */
export function report(what: string, figures: Readonly<Record<string, number | string>>): void {
  const test = TestRunner.getCurrentTest()
  if (test === undefined) throw new Error('Figures can be reported only while a test runs.')
  const row = Object.entries(figures).map(([name, figure]) => `${name} ${figure}`)
  test.meta.figures = [...(test.meta.figures ?? []), `| ${what.padEnd(44)} | ${row.join(' | ')} |`]
}

/** How often a fault is injected: few times in every run of the tests, often in `npm run test:faults`. */
export function timesOf(variable: string, few: number): number {
  const given = Number(process.env[variable] ?? few)
  if (!Number.isInteger(given) || given < 1) throw new Error(`${variable} must be a whole number of at least 1.`)
  return given
}
