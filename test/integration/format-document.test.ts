/** What src/codec/README.md says is what is stored, and its queries read it. */
import { readFileSync } from 'node:fs'
import { AIMessage, HumanMessage } from '@langchain/core/messages'
import { Document } from '@langchain/core/documents'
import { GenerationChunk } from '@langchain/core/outputs'
import { StringPromptValue } from '@langchain/core/prompt_values'
import { Command, Overwrite, Send } from '@langchain/langgraph'
import { DeltaSnapshot, uuid6 } from '@langchain/langgraph-checkpoint'
import { Pool } from 'pg'
import * as format from '../../src/codec/format.ts'
import { parseWire, reviveWire, stringifyValue } from '../../src/codec/value.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { functionStatements } from '../../src/pg/migrations.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { createDatabase } from '../support/database.ts'
import { runCode } from '../support/run-program.ts'

const document = readFileSync(new URL('../../src/codec/README.md', import.meta.url), 'utf8')
const [example] = codeBlocks(document, 'ts') as [string]
const [namesQuery, readQuery] = codeBlocks(document, 'sql') as [string, string]

async function openDatabase(): Promise<{ url: string; pool: Pool }> {
  const { url } = await createDatabase()
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => {}) // it may still be saying goodbye when its database is dropped
  onTestFinished(() => pool.end())
  return { url, pool }
}

test('the example stores the rows that the document shows', async () => {
  const { url, pool } = await openDatabase()
  await runCode(example, { DATABASE_URL: url })

  const tables: string[] = []
  for (const [table, columns, order] of [
    ['checkpoints', 'seq, checkpoint_id, parent_id, header, manifest, metadata', 'seq'],
    ['writes', 'checkpoint_id, task_id, idx, task_path, channel, value', 'idx'],
    ['parts', 'name, body', 'name'],
  ] as const) {
    const { rows } = await pool.query<Record<string, string | number | null>>(
      `select ${columns} from langgraph.${table} where tenant_id = '' and thread_id = 'ada' order by ${order}`,
    )
    tables.push(`${table}\n${rows.map(rowAsText).join('\n')}`)
  }
  expect(codeBlocks(document, 'text')).toEqual([tables.join('\n')])
})

function rowAsText(row: Record<string, string | number | null>): string {
  return Object.entries(row)
    .map(([column, value]) => {
      const text = String(value ?? '(null)').replaceAll('\n', `\n${' '.repeat(17)}`)
      return `  ${column.padEnd(15)}${column === 'body' && text.length > 150 ? `${text.slice(0, 90)} …` : text}\n`
    })
    .join('')
}

const line = 'Mary had a "little" lamb,\n'
const VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ['an inline value', { a: [1, 'two', null] }],
  ['an empty list', []],
  ['what JSON has no form for', { at: new Date(0), big: 12n, none: undefined, like: { $date: 'mine' } }],
  ['a value of one part', new HumanMessage({ id: 'm1', content: line.repeat(100) })],
  ['small neighbours', Array.from({ length: 2000 }, (_, i) => ({ i, odd: i % 2 === 1 }))],
  [
    'a long conversation',
    Array.from(
      { length: 300 },
      (_, i) => new AIMessage({ id: `${i}`, content: i % 3 ? `${i} ${line.repeat(60)}` : 'ok' }),
    ),
  ],
  [
    'many entries',
    Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`"${i}".ts`, i % 3 ? line.repeat(50) + i : ''])),
  ],
  ['a text of many pieces', line.repeat(40_000)],
  [
    'lists in maps in lists',
    [0, { deep: [line.repeat(10_000), [line.repeat(900), [], { a: line.repeat(900), b: {} }]] }, 'end'],
  ],
]

test.each(VALUES)('the query of the document reads %s', async (_, value) => {
  const { url, pool } = await openDatabase()
  const checkpointer = new PgCheckpointer({ connection: url })
  onTestFinished(() => checkpointer.end())
  await put(checkpointer, { messages: 'an older value' })
  await put(checkpointer, { before: 1, messages: value, after: [line.repeat(100)] })

  const { rows } = await pool.query<{ value: string }>(readQuery)
  expect(rows).toHaveLength(1)
  expect(reviveWire(parseWire(rows[0]!.value))).toStrictEqual(value)
})

test('the query for names finds every intact part and a changed one', async () => {
  const { url, pool } = await openDatabase()
  const checkpointer = new PgCheckpointer({ connection: url })
  onTestFinished(() => checkpointer.end())
  await put(checkpointer, Object.fromEntries(VALUES))
  const { rows } = await pool.query<{ name: string; intact: boolean }>(namesQuery)
  expect(new Set(rows.map(({ name }) => name.charAt(0)))).toEqual(new Set('vgit'))
  expect(rows.filter(({ intact }) => !intact)).toEqual([])

  await pool.query(`update langgraph.parts set body = body || ' ' where name = $1`, [rows[0]!.name])
  const changed = await pool.query<{ name: string; intact: boolean }>(namesQuery)
  expect(changed.rows.filter(({ intact }) => !intact)).toEqual([{ name: rows[0]!.name, intact: false }])
})

async function put(checkpointer: PgCheckpointer, values: Record<string, unknown>): Promise<void> {
  const versions = Object.fromEntries(Object.keys(values).map((channel) => [channel, 1]))
  const content = { v: 4, id: uuid6(0), ts: '', channel_values: values, channel_versions: versions, versions_seen: {} }
  await checkpointer.put(
    { configurable: { thread_id: 'ada' } },
    content,
    { source: 'loop', step: 0, parents: {} },
    versions,
  )
}

const holes = ['a', 'b', 'c']
Reflect.deleteProperty(holes, 1)

test.each<readonly [text: string, value: unknown]>([
  ['{"$undefined":true}', undefined],
  ['{"$number":"NaN"}', Number.NaN],
  ['{"$bigint":"12"}', 12n],
  ['{"$date":"1970-01-01T00:00:00.000Z"}', new Date(0)],
  ['{"$date":null}', new Date(Number.NaN)],
  ['{"$map":[["a",1]]}', new Map([['a', 1]])],
  ['{"$set":[1,2]}', new Set([1, 2])],
  ['{"$array":[3,{"0":"a","2":"c"}]}', holes],
  ['{"$null":{"a":1}}', Object.assign(Object.create(null), { a: 1 })],
  ['{"$regexp":["a+","gi"]}', /a+/gi],
  ['{"$url":"https://example.org/"}', new URL('https://example.org/')],
  ['{"$params":"a=1&b=2"}', new URLSearchParams('a=1&b=2')],
  ['{"$headers":[["accept","text/html"]]}', new Headers({ accept: 'text/html' })],
  ['{"$error":["TypeError",{"message":"no","cause":"x"}]}', new TypeError('no', { cause: 'x' })],
  ['{"$bytes":["Float32Array","AACAPw=="]}', new Float32Array([1])],
  [
    '{"$message":["HumanMessage",{"id":"m1","content":"Hi","additional_kwargs":{},"response_metadata":{}}]}',
    new HumanMessage({ id: 'm1', content: 'Hi' }),
  ],
  ['{"$lc":["langchain_core/prompt_values/StringPromptValue",{"value":"x"}]}', new StringPromptValue('x')],
  ['{"$generation":["GenerationChunk",{"text":"x"}]}', new GenerationChunk({ text: 'x' })],
  ['{"$document":{"pageContent":"x","metadata":{}}}', new Document({ pageContent: 'x' })],
  ['{"$send":{"node":"node","args":{"a":1}}}', new Send('node', { a: 1 })],
  ['{"$overwrite":{"__overwrite__":[1]}}', new Overwrite([1])],
  ['{"$command":[{"goto":"node"},{"goto":["node"]}]}', new Command({ goto: 'node' })],
  ['{"$delta":{"value":[1]}}', new DeltaSnapshot([1])],
  ['{"$$date":"mine"}', { $date: 'mine' }],
])('the document and the codec agree on %s', (text, value) => {
  expect(document).toContain(`\`${text}\``)
  expect(stringifyValue(value, '$')).toBe(text)
})

test('the table of markers is complete', () => {
  const source = readFileSync(new URL('../../src/codec/value/from-wire.ts', import.meta.url), 'utf8')
  const markers = [...source.matchAll(/case '(\$\w+)'/g)].map(([, marker]) => marker)
  expect(markers.length).toBeGreaterThan(15)
  expect(markers.filter((marker) => !document.includes(`{"${marker}":`))).toEqual([])
})

test('the constants of the document equal those of the code', () => {
  const stated = [...document.matchAll(/`([A-Z_]+)` = (\d+)/g)].map(([, name, value]) => [name, Number(value)])
  const constants = Object.entries(format).filter(
    ([name, value]) => typeof value === 'number' && name !== 'FORMAT_VERSION',
  )
  expect(Object.fromEntries(stated)).toEqual(Object.fromEntries(constants))
  expect(document).toContain(`This is format ${format.FORMAT_VERSION}.`)
  expect(document).toContain(`\n${format.FORMAT_VERSION}: `)
})

test('the picture of the schema names every function', () => {
  const read = (file: string): string => readFileSync(new URL(`../../sql/${file}`, import.meta.url), 'utf8')
  const statements = functionStatements('s').join('\n')
  const functions = [...statements.matchAll(/^create or replace function "s"\.(\w+)/gm)]
  const picture = read('README.md')
  expect(functions.length).toBeGreaterThan(0)
  expect(functions.map(([, name]) => name).filter((name) => !picture.includes(`\`${name}\``))).toEqual([])
})
