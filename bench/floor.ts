/** The least that Postgres can be asked: one prepared INSERT, or SELECT, of the same bytes; and an empty round trip. */
import { FLOOR } from './savers.ts'
import { Wire } from './wire.ts'

export class Floor {
  readonly name = FLOOR
  readonly wire: Wire
  readonly #table: string

  private constructor(wire: Wire, table: string) {
    this.wire = wire
    this.#table = table
  }

  static async open(url: string, use: string): Promise<Floor> {
    const wire = new Wire(url)
    const table = `floor_${use}`
    await wire.pool.query(`create table ${table} (thread text, id text, body bytea, primary key (thread, id))`)
    await wire.warmUp()
    return new Floor(wire, table)
  }

  async insert(thread: string, id: string, body: Uint8Array): Promise<void> {
    await this.wire.pool.query({
      name: 'insert',
      text: `insert into ${this.#table} values ($1, $2, $3)`,
      values: [thread, id, body],
    })
  }

  async select(thread: string, id: string): Promise<Uint8Array> {
    const { rows } = await this.wire.pool.query<{ body: Uint8Array }>({
      name: 'select',
      text: `select body from ${this.#table} where thread = $1 and id = $2`,
      values: [thread, id],
    })
    return (rows[0] as { body: Uint8Array }).body
  }

  async roundTrip(): Promise<void> {
    await this.wire.pool.query({ name: 'nothing', text: 'select' })
  }

  async end(): Promise<void> {
    await this.wire.end()
  }
}
