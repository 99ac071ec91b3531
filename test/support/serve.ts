import { once } from 'node:events'
import { startPostgres } from '../../examples/support/embedded-postgres.ts'
import { testDatabases } from './database-names.ts'
import { startRedis } from './redis.ts'

// `npm run services [-- <data dir>]`: a Postgres and a Redis that stay, for quick repeated test runs,
// or for a look at the databases that failed tests have left.

const dataDir = process.argv[2]
const postgres = await startPostgres({ dataDir, persistent: dataDir !== undefined })
const redis = await startRedis()
for (const name of await testDatabases(postgres.url)) console.log(`left by a failed test: ${name}`)
console.log(`export TEST_POSTGRES_URL='${postgres.url}' TEST_REDIS_URL='${redis.url}'\nCtrl-C stops both.`)

const forever = setInterval(() => {}, 2 ** 30)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
clearInterval(forever)
await Promise.all([postgres.stop(), redis.stop()])
