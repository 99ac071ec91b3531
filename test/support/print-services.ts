import { findPostgres } from './postgres.ts'
import { findRedis } from './redis.ts'

// Finds services as a run of the tests does, and prints where they are, or what to do where there is none.
// Its arguments are the services to find: postgres, redis.

const FIND = { postgres: findPostgres, redis: findRedis }

for (const name of process.argv.slice(2)) {
  try {
    const service = await FIND[name as keyof typeof FIND]()
    console.log(`services: ${service.origin}`)
    await service.stop()
  } catch (error) {
    console.log((error as Error).message)
  }
}
console.log('This process has not been signalled.')
