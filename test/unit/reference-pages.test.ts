/** The pages in docs/ name every option, error, field and channel of the source, and nothing that is not there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_VALUE_LIMITS } from '../../src/codec/value.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = readdirSync(join(root, 'docs')).map((file) => join('docs', file))
/** All of src/, so that these tests don't depend on where a type is declared. */
const source = allOf('src')

/** The text of all TypeScript and SQL files in a directory. */
function allOf(directory: string): string {
  const files = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
  const texts = files.filter((file) => /\.(ts|sql)$/.test(file)).map((file) => read(join(directory, file)))
  return texts.join('\n')
}

/** The fields that an interface or a class declares itself. */
function fieldsOf(type: string): string[] {
  const declared = new RegExp(`^export (?:interface|class) ${type}\\b[^\\n]*\\{\\n(.*?)^\\}`, 'ms').exec(source)
  const fields = [...(declared?.[1] ?? '').matchAll(/^ {2}(?:readonly )?(\w+)\??: /gm)].map(([, field]) => field ?? '')
  if (fields.length === 0) throw new Error(`${type} has no fields in src/. Was it renamed?`)
  return fields
}

/** The text below a heading, up to the next heading of the same level. */
function sectionOf(page: string, heading: string): string {
  const level = heading.split(' ')[0]
  const text = read(page).split(`\n${heading}\n`)[1]
  if (text === undefined) throw new Error(`${page} has no heading "${heading}".`)
  return text.split(`\n${level} `)[0] ?? ''
}

/** The cells of a text's table rows that begin with a name in backquotes. */
function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => /^\| \[?`/.test(line))
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | ?\|$/g, '')))
}

/** The words between backquotes. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '')
}

function firstNames(text: string): string[] {
  return rowsOf(text).flatMap(([first = '']) => namesIn(first))
}

test.each([
  ['## Of both classes', ['CheckpointerOptions']],
  ['## `PgCheckpointer`', ['PgCheckpointerOptions', 'TierOptions']],
  ['## `InMemoryCheckpointer`', ['InMemoryCheckpointerOptions']],
])('docs/options.md has every option in the section "%s"', (heading, types) => {
  expect(firstNames(sectionOf('docs/options.md', heading)).toSorted()).toEqual(types.flatMap(fieldsOf).toSorted())
})

test('docs/options.md has the defaults of limits', () => {
  const limits = Object.entries(DEFAULT_VALUE_LIMITS).map(([name, value]) => `${name}: ${value}`)
  expect(read('docs/options.md')).toContain(`\`{ ${limits.join(', ')} }\``)
})

test('docs/errors.md has every code with its class, its fields and a section of its own', () => {
  const [, union = ''] = /CheckpointerErrorCode =\n(.*?)\n\n/s.exec(source) ?? []
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const rows = rowsOf(read('docs/errors.md'))
  expect(rows.map(([code = '']) => namesIn(code)[0])).toEqual(codes)
  for (const [code = '', type = '', , fields = ''] of rows) {
    const [name = ''] = namesIn(type)
    const ownFields = ['CheckpointerError', 'EndedError'].includes(name) ? [] : fieldsOf(name)
    const named = namesIn(fields).filter((field) => field !== 'cause')
    expect([name, named.toSorted()]).toEqual([name, ownFields.toSorted()])
    expect(sectionOf('docs/errors.md', `## ${namesIn(code)[0]}`)).not.toBe('')
  }
})

test.each([
  { heading: '## health', inRows: ['Health', 'PostgresHealth'], inText: ['RedisHealth'] },
  {
    heading: '## stats',
    inRows: ['CommonStats', 'TransferStats', 'PgStats', 'InMemoryStats', 'TierStats', 'RedisTierStats'],
    inText: ['LruTierStats'],
  },
  {
    heading: '## Diagnostics channels',
    inRows: ['OperationContext', 'TransferStats'],
    inText: ['LateWrite', 'FailedAttempt', 'LostClass'],
  },
])('docs/operations.md has every field in the section "$heading"', ({ heading, inRows, inText }) => {
  const section = sectionOf('docs/operations.md', heading)
  expect(new Set(firstNames(section))).toEqual(new Set(inRows.flatMap(fieldsOf)))
  expect(namesIn(section)).toEqual(expect.arrayContaining(inText.flatMap(fieldsOf)))
})

test('docs/contract.md numbers its rules without gaps, and every citation of one leads there', () => {
  const rules = [...read('docs/contract.md').matchAll(/^(\d+)\. \*\*/gm)].map(([, rule]) => Number(rule))
  expect(rules).toEqual(rules.map((_, i) => i + 1))
  const code = ['src', 'sql', 'test'].map(allOf).join('\n')
  const cited = [...code.matchAll(/contract rules? (\d+)/gi)].map(([, rule]) => Number(rule))
  expect(cited.filter((rule) => !rules.includes(rule))).toEqual([])
})

test('links in README.md, docs/, CHANGELOG.md and DEVELOPERS.md lead to files and headings', () => {
  const broken = ['README.md', ...pages, 'CHANGELOG.md', 'DEVELOPERS.md'].flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
      .filter(([, file = '', anchor]) => {
        const target = file === '' ? page : join(page, '..', file)
        return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
      })
      .map(([link]) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})

/** As GitHub makes them from headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
