import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Reporter, TestModule } from 'vitest/node'

const FIGURES_DIR = fileURLToPath(new URL('../figures', import.meta.url))

/**
 * Ends a run with the figures that its tests reported, a line each, and one plain line: "726 passed, 0 failed". A file
 * that doesn't load counts as a failure.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    const figures: string[] = []
    for (const module of modules) {
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        count[test.result().state]++
        figures.push(...(test.meta().figures ?? []))
      }
    }
    const left = count.skipped + count.pending
    process.stdout.write(
      `${keep(figures)}\n${left ? `${left} skipped\n` : ''}${count.passed} passed, ${count.failed} failed\n`,
    )
  }
}

/** Writes the figures to a file of this run. Gives the lines for the terminal. */
function keep(figures: readonly string[]): string {
  if (figures.length === 0) return ''
  mkdirSync(FIGURES_DIR, { recursive: true })
  const file = join(FIGURES_DIR, `${new Date().toISOString().replaceAll(':', '.')}.md`)
  const lines = figures.map((line) => `${line}\n`).join('')
  writeFileSync(file, lines)
  return `\n${lines}These figures are in ${relative(process.cwd(), file)}.\n`
}
