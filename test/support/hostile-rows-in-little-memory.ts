/** Decodes every hostile example in this process, and prints what each ended with. */
import { decodeRows, HOSTILE } from './hostile-rows.ts'

const outcomes: [string, unknown][] = []
for (const [name, { rows }] of Object.entries(HOSTILE)) {
  const outcome = await decodeRows(rows()).then(
    () => 'read',
    (error: { code?: unknown }) => error.code,
  )
  outcomes.push([name, outcome])
}
console.log(JSON.stringify(outcomes))
