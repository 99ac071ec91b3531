import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

const PREFIX = 'checkpointer_test_'

export function newDatabaseName(): string {
  return PREFIX + randomBytes(6).toString('hex')
}

/** The databases that tests have left on this server. */
export async function testDatabases(url: string): Promise<string[]> {
  const client = new Client(url)
  await client.connect()
  try {
    const select = 'select datname from pg_database where starts_with(datname, $1) order by datname'
    return (await client.query<{ datname: string }>(select, [PREFIX])).rows.map(({ datname }) => datname)
  } finally {
    await client.end()
  }
}
