/**
 * Writes `test/fixtures/official/golden/`: what the installed release of LangGraph's own serializer makes of the official
 * values. Run it with `tsx`, and commit what it writes; earlier fixtures stay, for data of that age stays in databases.
 */

import { mkdir, writeFile } from 'node:fs/promises'
import { MemorySaver } from '@langchain/langgraph-checkpoint'
import { OFFICIAL_VALUES } from './official-values.ts'

const folder = new URL('../fixtures/official/golden/', import.meta.url)
const { serde } = new MemorySaver()

await mkdir(folder, { recursive: true })
for (const [name, value] of Object.entries(OFFICIAL_VALUES)) {
  const [type, bytes] = await serde.dumpsTyped(value)
  await writeFile(new URL(`${name}.${type}`, folder), bytes)
}
