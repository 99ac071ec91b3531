import { createRequire } from 'node:module'

/** The release of LangGraph that is installed: [major, minor, patch]. */
const installed: readonly number[] = (
  createRequire(import.meta.url)('@langchain/langgraph/package.json') as { version: string }
).version
  .split('.')
  .map(Number)

/** Whether LangGraph 1.`minor` or newer is installed. Only tests of what came with it may ask, to be skipped before it. */
export function hasLangGraph(minor: number): boolean {
  const [major = 0, found = 0] = installed
  return major > 1 || (major === 1 && found >= minor)
}
