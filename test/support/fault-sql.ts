/** Faults that a server can be asked for. */
import { Client } from 'pg'
import { eventually } from './eventually.ts'

/** One statement on a connection of its own. */
export async function query(url: string, sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, application_name: 'fault' })
  await client.connect()
  try {
    return (await client.query(sql, params)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

/** Terminates the backends of a program, or those of them that wait for something; how many there were. */
export async function terminate(url: string, applicationName: string, waitingFor?: string): Promise<number> {
  const rows = await query(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = $1 and ($2::text is null or wait_event_type = $2)`,
    [applicationName, waitingFor ?? null],
  )
  return rows.length
}

/** Resolves when a statement in this database waits for a lock. */
export function somethingWaitsForALock(url: string): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return eventually(async () => (await query(url, waiting)).length > 0, 'a statement waited for a lock')
}

/** Locks the rows of all threads, so that writers wait; or the whole table, so that readers do. Returns the way out. */
export async function blockThread(url: string, schema: string, what: 'row' | 'table'): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url, application_name: 'blocker' })
  await client.connect()
  await client.query('begin')
  await client.query(
    what === 'row'
      ? `select from "${schema}".threads for update`
      : `lock table "${schema}".threads, "${schema}".checkpoints`,
  )
  return () => client.end()
}

/**
 * Makes the first `times` inserts into a table fail with a SQLSTATE, over all connections; a sequence counts them, as
 * it is not rolled back. `deadlock` instead makes inserts of two threads wait for each other.
 * @returns `stop` tells how many inserts there were
 */
export async function failInserts(
  url: string,
  schema: string,
  table: string,
  state: string,
  times: number,
): Promise<{ stop(): Promise<number> }> {
  const raise =
    state === 'deadlock'
      ? `if new.checkpoint_id <> new.thread_id and exists (select from "${schema}".threads where seq > 1 and thread_id = new.thread_id) then
           perform pg_sleep(0.1);
           update "${schema}".threads set updated_at = now()
           where thread_id in ('deadlock-a', 'deadlock-b') and thread_id <> new.thread_id;
         end if;`
      : `if nextval('public.fault_count') <= ${times} then raise exception 'injected' using errcode = '${state}'; end if;`
  await query(
    url,
    `create sequence fault_count;
     create function fault() returns trigger language plpgsql as $$ begin ${raise} return new; end $$;
     create trigger fault before insert on "${schema}".${table} for each row execute function fault();`,
  )
  return {
    async stop() {
      const [row] = await query(
        url,
        `select case when is_called then last_value else 0 end::int as count from fault_count`,
      )
      await query(url, `drop trigger fault on "${schema}".${table}; drop function fault; drop sequence fault_count`)
      return row?.['count'] as number
    },
  }
}
