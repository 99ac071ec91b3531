/** `npm run schema:dump` writes what the migrations make of an empty database to test/schema.sql, read from the catalogs. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startPostgres } from '../../examples/support/embedded-postgres.ts'
import { PgCheckpointer } from '../../src/index.ts'

export const DUMP_FILE = fileURLToPath(new URL('../schema.sql', import.meta.url))

const COLUMNS = `
  select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
         coalesce(' collate ' || quote_ident(l.collname), '') as collation,
         case a.attstorage when t.typstorage then '' when 'm' then ' storage main' else ' storage ' || a.attstorage::text end as storage,
         case when a.attnotnull then ' not null' else '' end as nullable,
         coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as value,
         coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '') as options
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_collation l on l.oid = a.attcollation and a.attcollation <> t.typcollation
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = $1::regnamespace and c.relkind = 'r'
  order by c.relname, a.attnum`

const INDEXES = `
  select pg_get_indexdef(i.indexrelid) as definition, coalesce(k.contype::text, '') as constraint
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  left join pg_constraint k on k.conindid = i.indexrelid
  where c.relnamespace = $1::regnamespace
  order by c.relname`

const TYPES = `
  select c.relname as name, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  where c.relnamespace = $1::regnamespace and c.relkind = 'c'
  group by c.relname order by c.relname`

const FUNCTIONS = `
  select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
         l.lanname as language, p.provolatile as volatility, case when p.prosecdef then ' security definer' else '' end as definer,
         coalesce(' set ' || array_to_string(p.proconfig, ', '), '') as settings, p.prosrc as body
  from pg_proc p join pg_language l on l.oid = p.prolang
  where p.pronamespace = $1::regnamespace
  order by p.proname, arguments`

const VOLATILITY: Readonly<Record<string, string>> = { i: ' immutable', s: ' stable', v: '' }

/** The schema as text: tables, columns, indexes, types, functions. Not compression, which servers have or not. */
export async function dumpSchema(client: Client, schema: string): Promise<string> {
  const quoted = `"${schema.replaceAll('"', '""')}"`
  const plain = (text: string | null | undefined) =>
    String(text).replaceAll(`${quoted}.`, '').replaceAll(`${schema}.`, '')
  const query = async (text: string) => (await client.query<Record<string, string | null>>(text, [quoted])).rows
  const lines: string[] = []
  let table: string | null | undefined
  for (const row of await query(COLUMNS)) {
    if (row['table'] !== table) lines.push('', `table ${row['table']}${row['options']}`)
    table = row['table']
    lines.push(
      `  ${['column', 'type'].map((key) => row[key]).join(' ')}${plain(row['collation'])}${row['storage']}${row['nullable']}${row['value']}`,
    )
  }
  lines.push('')
  for (const row of await query(INDEXES))
    lines.push(`${plain(row['definition'])}${row['constraint'] ? ` -- constraint ${row['constraint']}` : ''}`)
  lines.push('')
  for (const row of await query(TYPES)) lines.push(`type ${row['name']} (${row['columns']})`)
  lines.push('')
  for (const row of await query(FUNCTIONS)) {
    const { name, language, volatility, definer, settings, body } = row
    const hash = createHash('sha256').update(plain(body).replaceAll(/\s+/g, ' ')).digest('base64url').slice(0, 12)
    lines.push(`function ${name}(${plain(row['arguments'])})`, `  returns ${plain(row['result'])}`)
    lines.push(`  language ${language}${VOLATILITY[String(volatility)]}${definer}${settings} -- body ${hash}`)
  }
  return `${lines.join('\n').trim()}\n`
}

/** What the checkpointer makes of an empty database. */
export async function dumpAfterSetup(url: string, schema: string): Promise<string> {
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  const client = new Client(url)
  try {
    await checkpointer.setup()
    await client.connect()
    return await dumpSchema(client, schema)
  } finally {
    await checkpointer.end()
    await client.end()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startPostgres()
  const before = await readFile(DUMP_FILE, 'utf8').catch(() => '')
  const dump = await dumpAfterSetup(server.url, 'langgraph')
  await server.stop()
  await writeFile(DUMP_FILE, dump)
  console.log(
    dump === before ? 'test/schema.sql is as it was.' : 'test/schema.sql has changed. Review the diff, commit it.',
  )
}
