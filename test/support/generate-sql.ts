/**
 * `npm run sql:generate`: writes the files below sql/ into src/pg/generated/sql.ts, so that programs and bundles have
 * them without a file system. With `--check` it writes nothing and fails where the two differ.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const target = join(root, 'src/pg/generated/sql.ts')

const found = await readdir(join(root, 'sql'), { recursive: true })
const names = found
  .filter((path) => path.endsWith('.sql'))
  .map((path) => path.replaceAll('\\', '/').slice(0, -'.sql'.length))
  .toSorted()
const texts = await Promise.all(names.map((name) => readFile(join(root, 'sql', `${name}.sql`), 'utf8')))

const generated = `/** Written by \`npm run sql:generate\` from the files in sql/. Change those, not this. */

/** A file below sql/, without its ending. */
export type SqlFile = ${names.map((name) => `'${name}'`).join(' | ')}

export const SQL: Readonly<Record<SqlFile, string>> = {
${names.map((name, i) => `  '${name}': ${templateOf(texts[i] ?? '')},\n`).join('')}}
`

if (!process.argv.includes('--check')) {
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, generated)
} else if ((await readFile(target, 'utf8').catch(() => '')) !== generated) {
  console.error(`${relative(root, target)} is not what sql/ says. Run "npm run sql:generate" and commit the result.`)
  process.exitCode = 1
}

/** The text as a template literal, in which its lines stay lines. */
function templateOf(text: string): string {
  return `\`${text.replaceAll(/[`\\]|\$\{/g, (special) => `\\${special}`)}\``
}
