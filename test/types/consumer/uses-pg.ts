/** The same for programs that have `@types/pg`: what its types describe is taken. */
import pg from 'pg'
import { PgCheckpointer, type PgConnection, type PgPoolConfig } from 'langgraph-pg-checkpointer'

const config: pg.PoolConfig = { connectionString: 'postgres://localhost/app' }
export const asOurs: PgPoolConfig = config
export const connections: PgConnection[] = [config, new pg.Pool(config)]
export const lent = new PgCheckpointer({ connection: new pg.Pool(config) })
export const configured = new PgCheckpointer({
  connection: {
    types: { getTypeParser: pg.types.getTypeParser },
    Client: pg.Client,
    onConnect: (client: pg.ClientBase) => void client.query('set role app'),
    verify: (client: pg.PoolClient, done) => done(client.listenerCount('error') > 9 ? new Error('used') : undefined),
  },
})
