import { Redis } from 'ioredis'
import { Client } from 'pg'
import { createDatabase, redisUrl } from '../support/database.ts'

test('a test gets an empty Postgres database of its own', async () => {
  const { url } = await createDatabase()
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query(`
    select version(), (select count(*)::int from pg_class where relnamespace = 'public'::regnamespace) as relations`)
  await client.end()
  expect(rows).toEqual([{ version: expect.stringMatching(/^PostgreSQL \d+/), relations: 0 }])
})

test('the database is gone once its test has ended', async () => {
  const { url, drop } = await createDatabase()
  await drop()
  await expect(new Client(url).connect()).rejects.toMatchObject({ code: '3D000' })
})

test('what Postgres acknowledges is durable', async () => {
  const client = new Client((await createDatabase()).url)
  await client.connect()
  const { rows } = await client.query(`select current_setting('fsync') f, current_setting('synchronous_commit') s`)
  await client.end()
  expect(rows).toEqual([{ f: 'on', s: 'on' }])
})

test('Redis answers', async () => {
  const redis = new Redis(redisUrl())
  try {
    expect(await redis.ping()).toBe('PONG')
  } finally {
    redis.disconnect()
  }
})
