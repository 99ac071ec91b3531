/** A server that is a standby, and its promotion: what a failover looks like from here. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startPostgres, type PostgresServer } from '../../examples/support/embedded-postgres.ts'
import { PgCheckpointer } from '../../src/index.ts'
import { TestThread } from '../support/checkpoints.ts'
import { testSchema as schema } from '../support/database.ts'
import { query } from '../support/fault-sql.ts'

/** A standby whose primary is gone for good: it answers reads, and waits to be promoted. */
async function startStandby(prepare: (url: string) => Promise<void>): Promise<PostgresServer> {
  const primary = await startPostgres()
  await prepare(primary.url)
  await primary.stop({ keepData: true })
  const { dataDir, port } = primary
  await writeFile(join(dataDir, 'cluster', 'standby.signal'), '', { mode: 0o644 })
  const standby = await startPostgres({ dataDir, port, persistent: true })
  onTestFinished(async () => {
    await standby.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return standby
}

test('a standby is reported by health(), answers reads, and accepts writes once it is promoted', async () => {
  let threadId = ''
  const { url } = await startStandby(async (primaryUrl) => {
    const checkpointer = new PgCheckpointer({ connection: primaryUrl, schema })
    const before = new TestThread(checkpointer)
    await before.put({ n: 0 })
    threadId = before.threadId
    await checkpointer.end()
  })
  const checkpointer = new PgCheckpointer({ connection: url, schema })
  onTestFinished(() => checkpointer.end())
  const thread = new TestThread(checkpointer, '', threadId)
  expect(await thread.values()).toEqual({ n: 0 })
  expect(await checkpointer.health()).toMatchObject({
    healthy: false,
    postgres: { reachable: true, isStandby: true, schemaVersion: 1 },
    warnings: [expect.stringContaining('is a standby')],
  })

  const impatient = new PgCheckpointer({ connection: url, schema, retryMs: 2000 })
  onTestFinished(() => impatient.end())
  await expect(new TestThread(impatient, '', threadId).put({ n: -1 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    outcome: 'not_applied',
    sqlState: '25006',
  })

  const put = thread.put({ n: 1 })
  await expect.poll(() => checkpointer.stats().retries).toBeGreaterThan(0)
  await query(url, 'select pg_promote()')
  await put
  expect(await thread.values()).toEqual({ n: 1 })
  expect(await checkpointer.health()).toMatchObject({ healthy: true, warnings: [] })
})
