import type { TestProject } from 'vitest/node'
import { testDatabases } from './database-names.ts'
import { findPostgres } from './postgres.ts'
import { findRedis } from './redis.ts'
import type { Service } from './service.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Found
    redis: Found
  }
}

/** Where a service is, or why there is none: an error for the tests that need it, and for no others. */
export type Found = { readonly url: string } | { readonly missing: string }

/** Vitest's globalSetup: finds or starts the services once a run, and stops what it started. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const needed = project.vitest.projects.some(({ name }) => name !== 'unit')
  if (!needed) return async () => {}

  const started = await Promise.allSettled([findPostgres(), findRedis()])
  const [postgres, redis] = started
  project.provide('postgres', describe(postgres))
  project.provide('redis', describe(redis))
  return async () => {
    if (redis.status === 'fulfilled') await redis.value.stop()
    if (postgres.status === 'fulfilled') await stopPostgres(postgres.value)
  }
}

/** A failed test leaves its database behind. A server that ends with this run leaves its files then. */
async function stopPostgres(service: Service): Promise<void> {
  const { dataDir } = service
  const keepData = dataDir !== undefined && !process.env['CI'] && (await testDatabases(service.url)).length > 0
  await service.stop({ keepData })
  if (keepData) console.log(`Databases of failed tests are in ${dataDir}. To open them: npm run services -- ${dataDir}`)
}

function describe(result: PromiseSettledResult<Service>): Found {
  if (result.status === 'fulfilled') {
    console.log(`services: ${result.value.origin}`)
    return { url: result.value.url }
  }
  const { message, cause } = result.reason as Error
  return { missing: cause instanceof Error ? `${message}\n(${cause.message})` : message }
}
