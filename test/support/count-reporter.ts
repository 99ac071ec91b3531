import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line: "726 passed, 0 failed". A file that doesn't load counts as a failure. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
      for (const test of module.children.allTests()) count[test.result().state]++
    }
    const left = count.skipped + count.pending
    process.stdout.write(`\n${left ? `${left} skipped\n` : ''}${count.passed} passed, ${count.failed} failed\n`)
  }
}
