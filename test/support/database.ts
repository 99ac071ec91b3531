import { Client } from 'pg'
import { afterEach, inject, onTestFinished, TestRunner } from 'vitest'
import { newDatabaseName } from './database-names.ts'
import type { Found } from './services.ts'

/** An empty database of its own for a test or a file of tests. */
export interface TestDatabase {
  readonly url: string
  /** Removes it, and cuts off who is still connected, unless the test failed: then it stays and its URL is printed. */
  readonly drop: () => Promise<void>
}

let someTestFailed = false
afterEach(({ task }) => {
  if (task.result?.state === 'fail') someTestFailed = true
})

/**
 * Creates an empty database. Called in a test or in beforeEach, it also sees to its removal at the end of the test;
 * called in beforeAll, afterAll has to call `drop`.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const name = newDatabaseName()
  const server = urlOf(inject('postgres'))
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await run(server, `create database ${name} template template0`)
  let open = true
  const drop = async (): Promise<void> => {
    if (!open) return
    open = false
    const test = TestRunner.getCurrentTest()
    if (test ? test.result?.state === 'fail' : someTestFailed) console.log(`Kept for you to look at: ${url}`)
    else await run(server, `drop database if exists ${name} with (force)`)
  }
  if (TestRunner.getCurrentTest()) onTestFinished(drop)
  return { url, drop }
}

/** Where tests put the tables. CI also runs them in one whose name needs quoting. */
export const testSchema: string = process.env['TEST_SCHEMA'] ?? 'langgraph'

export function redisUrl(): string {
  return urlOf(inject('redis'))
}

function urlOf(found: Found): string {
  if ('missing' in found) throw new Error(found.missing)
  return found.url
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
