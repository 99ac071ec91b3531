import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))

const shared = {
  root,
  globals: true, // LangGraph's conformance suite expects describe and it to be there
  testTimeout: 180_000, // a busy machine takes a minute for what takes seconds
  hookTimeout: 180_000,
  expect: { poll: { timeout: 30_000 } }, // what is waited for comes late on a busy machine
}

// `shared` instead of `extends`: a project that extends the root would run globalSetup, and start servers, again.
export default defineConfig({
  test: {
    root,
    projects: [
      ...['unit', 'contract', 'conformance', 'integration', 'packaging'].map((name) => ({
        test: { ...shared, name, include: [`test/${name}/**/*.test.ts`] },
      })),
      { test: { ...shared, name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 600_000 } },
    ],
    globalSetup: fileURLToPath(new URL('support/services.ts', import.meta.url)),
    // What a test prints is shown where it fails. What tests measure is printed at the end, see support/figures.ts.
    silent: 'passed-only',
    slowTestThreshold: 20_000,
    reporters: ['default', fileURLToPath(new URL('support/count-reporter.ts', import.meta.url))],
    maxWorkers: Math.max(2, availableParallelism() - 1), // the servers want a core, too
    teardownTimeout: 30_000,
  },
})
