-- threads: what concerns a thread as a whole. Form and rules as in checkpoints.sql.

-- The generation that the last deleteThread of a thread began, as JSON: 0 if it was never deleted, or does not exist.
create or replace function :schema.deleted_generation_1(p_tenant text, p_thread text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
begin
  return coalesce((
    select t.deleted_generation from :schema.threads t where t.tenant_id = p_tenant and t.thread_id = p_thread
  ), 0);
end
$BODY$
--;;
-- Removes a thread: checkpoints, writes (also those whose checkpoint never came), parts. The row stays, so that writes of
-- runs that began before the deletion are recognised and dropped. A thread without a row gets one: a run that found no
-- thread may still be going on, and store its first checkpoint at its end (durability exit).
--
-- p_deleted_generation: what deleted_generation_1 gave. If another deletion came in between, nothing is done: the call is a
-- repeat, or late, and a new run may have stored something since. A smaller one is there where the server has lost its last
-- commits in between; then what the earlier deletion removed is there again, and goes with the rest.
-- p_names_limit: of how many parts the names are wanted, to remove them from caches.
-- Answer: [deleted, names]
create or replace function :schema.delete_thread_1(
  p_tenant text, p_thread text, p_deleted_generation bigint, p_names_limit integer
) returns text language plpgsql set search_path = pg_catalog, pg_temp as $BODY$
declare
  v_now timestamptz := clock_timestamp();
  v_clock bigint := floor(extract(epoch from v_now) * 1000000);
  v_names json;
begin
  insert into :schema.threads as t (tenant_id, thread_id, generation, deleted_generation, created_at, updated_at)
  values (p_tenant, p_thread, v_clock, 0, v_now, v_now)
  on conflict (tenant_id, thread_id) do nothing;
  update :schema.threads t
  set seq = 0, last_digest = null, updated_at = v_now, generation = greatest(t.generation + 1, v_clock),
      deleted_generation = greatest(t.generation + 1, v_clock)
  where t.tenant_id = p_tenant and t.thread_id = p_thread and t.deleted_generation <= p_deleted_generation;
  if not found then
    return '[false,[]]';
  end if;
  if p_names_limit > 0 then
    select json_agg(n.name) into v_names from (
      select p.name from :schema.parts p where p.tenant_id = p_tenant and p.thread_id = p_thread limit p_names_limit
    ) n;
  end if;
  delete from :schema.checkpoints c where c.tenant_id = p_tenant and c.thread_id = p_thread;
  delete from :schema.writes w where w.tenant_id = p_tenant and w.thread_id = p_thread;
  delete from :schema.parts p where p.tenant_id = p_tenant and p.thread_id = p_thread;
  return json_build_array(true, coalesce(v_names, '[]'));
end
$BODY$
