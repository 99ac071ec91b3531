import { Cluster, Redis } from 'ioredis'
import { startRedis } from './test/support/redis.ts'
const server = await startRedis({ 'cluster-enabled': 'yes' })
const admin = new Redis(server.url)
await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
while (!(await admin.cluster('INFO')).includes('cluster_state:ok')) await new Promise((turn) => setTimeout(turn, 20))
console.log(await admin.cluster('NODES'), await admin.cluster('SLOTS'))
const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }])
cluster.on('error', (e) => console.log('err', e))
try { console.log(await cluster.mgetBuffer(['{a}1','{a}2'])) } catch (e) { console.log(e, (e as any).lastNodeError) }
cluster.disconnect(); admin.disconnect(); await server.stop()
