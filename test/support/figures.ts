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
