import pg from 'pg'

type Statement = Parameters<pg.PoolClient['query']>[0] & { text: string; values?: unknown[] }

/** A pool of node-postgres that notes each statement: one is one round trip. */
export class CountingPool {
  readonly #pool: pg.Pool
  #statements: string[] = []

  constructor(connectionString: string, options: pg.PoolConfig = {}) {
    this.#pool = new pg.Pool({ connectionString, ...options })
  }

  get options(): pg.PoolConfig {
    return this.#pool.options
  }

  connect(answer: (error: Error | undefined, client: pg.PoolClient | undefined) => void): void {
    this.#pool.connect((error, client) => answer(error, client && this.#counted(client)))
  }

  #counted(client: pg.PoolClient): pg.PoolClient {
    const query = (statement: Statement) => {
      this.#statements.push(statement.text)
      return client.query(statement as unknown as pg.QueryConfig)
    }
    return new Proxy(client, {
      get: (target, name) => {
        const value: unknown = name === 'query' ? query : Reflect.get(target, name, target)
        return name !== 'query' && typeof value === 'function' ? (value as () => unknown).bind(target) : value
      },
    })
  }

  end(): Promise<void> {
    return this.#pool.end()
  }

  /** What was sent while `work` was going on. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    this.#statements = []
    await work()
    return this.#statements
  }

  /** How many statements `work` takes. */
  async count(work: () => Promise<unknown>): Promise<number> {
    return (await this.during(work)).length
  }
}
