import { Cluster, Redis } from 'ioredis'
import { LruTier } from '../../src/tiers/lru-tier.ts'
import type { RedisTier } from '../../src/tiers/redis-tier.ts'
import { redisUrl } from '../support/database.ts'
import { startRedis } from '../support/redis.ts'
import { redisTier } from '../support/tiers.ts'
import { runTierContract, type OpenedTier } from './tier-contract.ts'

function opened(tier: RedisTier, close: () => Promise<unknown> = async () => {}): OpenedTier {
  return {
    tier,
    settled: () => tier.settled(),
    close: async () => {
      await tier.end()
      await close()
    },
  }
}

runTierContract('LruTier', async () => ({
  tier: new LruTier(16 * 1024 * 1024),
  settled: async () => {},
  close: async () => {},
}))

runTierContract('RedisTier with a URL', async () => opened(redisTier(redisUrl())))

runTierContract('RedisTier with options for a client', async () => {
  const { hostname, port } = new URL(redisUrl())
  return opened(redisTier({ host: hostname, port: Number(port), protocol: 2 }))
})

runTierContract('RedisTier with a client of the caller', async () => {
  const client = new Redis(redisUrl())
  return opened(redisTier(client), () => client.quit())
})

runTierContract('RedisTier with a cluster', async () => {
  const server = await startRedis({ 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' })
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!(await admin.cluster('INFO')).includes('cluster_state:ok')) await new Promise((turn) => setTimeout(turn, 20))
  admin.disconnect()
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }])
  return opened(redisTier(cluster), async () => {
    cluster.disconnect()
    await server.stop()
  })
})
