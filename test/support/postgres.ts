import { Client } from 'pg'
import { startPostgres } from '../../examples/support/embedded-postgres.ts'
import { inDockerOr } from './docker.ts'
import type { Service } from './service.ts'

/** The Postgres for the tests: the one we are told of, or one in Docker, or the one that npm brought. */
export async function findPostgres(): Promise<Service> {
  const given = process.env['TEST_POSTGRES_URL']
  if (given) return { url: given, origin: `TEST_POSTGRES_URL, ${await versionAt(given)}`, async stop() {} }
  const service = await inDockerOr(embedded, 'postgres:18', inDocker)
  return { ...service, origin: `${service.origin}, ${await versionAt(service.url)}` }
}

async function inDocker(image: string): Promise<Service> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: 'postgres' })
    .withCommand(['postgres', '-c', 'max_connections=200', '-c', 'shared_buffers=256MB'])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2)) // once during initdb
    .start()
  const url = `postgres://postgres:postgres@${container.getHost()}:${container.getMappedPort(5432)}/postgres`
  return { url, origin: 'Docker', stop: async () => void (await container.stop()) }
}

async function embedded(): Promise<Service> {
  try {
    const { url, dataDir, stop } = await startPostgres()
    return { url, dataDir, origin: 'embedded', stop }
  } catch (cause) {
    throw new Error(`The embedded Postgres does not start here. ${REMEDY}`, { cause })
  }
}

const REMEDY = `Start one in Docker, or name one whose user may create databases:
  docker run --rm -d -p 5432:5432 -e POSTGRES_PASSWORD=postgres postgres:18
  TEST_POSTGRES_URL=postgres://postgres:postgres@localhost:5432/postgres npm test`

async function versionAt(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return `Postgres ${rows[0]?.server_version}`
  } catch (cause) {
    throw new Error(`No Postgres answers at ${url}. ${REMEDY}`, { cause })
  } finally {
    await client.end().catch(() => {})
  }
}
