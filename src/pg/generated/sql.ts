/** Written by `npm run sql:generate` from the files in sql/. Change those, not this. */

/** A file below sql/, without its ending. */
export type SqlFile = '0001_storage' | 'functions/checkpoints' | 'functions/threads'

export const SQL: Readonly<Record<SqlFile, string>> = {
  '0001_storage': `-- 0001 storage: threads, checkpoints, pending writes, and the parts that their values are made of.
--
--   threads ──< checkpoints ──(manifest names)──> parts
--      └──────< writes ───────(value names)─────────┘
--
-- Statements are separated by lines of \`--;;\`, so that a distributed Postgres accepts them one by one.
-- :schema is the quoted schema; :lz4 is \`compression lz4\` where the server has it, else nothing.
--
-- tenant_id and thread_id lead every key: a distributed Postgres shards by thread, and one thread is read from one
-- place. No foreign keys: writes arrive before their checkpoint, or without it ever coming (contract rule 6).
-- Keys compare by bytes (collate "C"), as JavaScript compares checkpoint ids.

-- One row a thread, small and updated in place (HOT: no index on anything that changes, room left on each page).
create table :schema.threads (
  tenant_id          text collate "C" not null,
  thread_id          text collate "C" not null,
  seq                bigint not null default 0,          -- commits so far: 1, 2, 3 … without gaps
  last_digest        text collate "C",                   -- of the checkpoint that took the last number, when it was committed
  before_last_digest text collate "C",                   -- of the one before; right only in the statement that takes a number
  generation         bigint not null,                    -- microseconds; moves whenever parts may have been removed
  deleted_generation bigint not null default 0,          -- the generation that the last deleteThread began; 0: never deleted
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  primary key (tenant_id, thread_id)
) with (fillfactor = 60)
--;;
-- A checkpoint is a manifest: channel -> the parts, or the inline value, that make up its value here.
create table :schema.checkpoints (
  tenant_id      text collate "C" not null,
  thread_id      text collate "C" not null,
  checkpoint_ns  text collate "C" not null,
  checkpoint_id  text collate "C" not null,
  parent_id      text collate "C",
  seq            bigint not null,                        -- the order of commit in the thread: the head is the last
  -- JSON that jsonb can hold (NUL and lone surrogates escaped). Before the long columns, as a list over all threads looks into
  -- it in each row, and a column is found by walking over those before it: a sixth of such a list.
  metadata       text :lz4 not null,
  run_id         text collate "C",
  digest         text collate "C" not null,              -- of header, manifest and metadata: the same again is a repeat
  header         text :lz4 not null,                     -- JSON: v, ts, channel_versions, versions_seen, unknown fields
  manifest       text :lz4 not null,                     -- JSON, one line a channel
  created_at     timestamptz not null,
  unique (tenant_id, thread_id, checkpoint_ns, seq)
)
--;;
-- After the unique key by seq, on purpose: on a table that has not been analyzed yet, the planner finds both equally good for
-- a look-up by id and takes the later one. By seq, each look-up reads the thread (a history of 150 steps: 4.0 ms, not 1.6).
alter table :schema.checkpoints add primary key (tenant_id, thread_id, checkpoint_ns, checkpoint_id)
--;;
-- What a task has written beside the checkpoint that it ran from. idx < 0: error, scheduled, interrupt, resume.
create table :schema.writes (
  tenant_id      text collate "C" not null,
  thread_id      text collate "C" not null,
  checkpoint_ns  text collate "C" not null,
  checkpoint_id  text collate "C" not null,
  task_id        text collate "C" not null,
  idx            integer not null,
  task_path      text collate "C" not null default '',   -- orders the writes of parallel tasks; '': input, Command
  channel        text collate "C" not null,
  value          text :lz4 not null,                     -- a node of the same form as in a manifest
  digest         text collate "C" not null,              -- of the row: what was stored is what is read
  primary key (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
)
--;;
-- Immutable bytes named by their hash, stored once a thread. JSON is text (4.2 ms a MB out of Postgres against 10 ms
-- as bytea), raw bytes are bytea; one of the two is null.
create table :schema.parts (
  tenant_id  text collate "C" not null,
  thread_id  text collate "C" not null,
  name       text collate "C" not null,
  body       text :lz4,
  bytes      bytea :lz4,
  primary key (tenant_id, thread_id, name)
)
--;;
-- Keep a part of up to a page in its row, compressed: one heap visit and no TOAST index a part.
alter table :schema.parts alter column body set storage main
`,
  'functions/checkpoints': `-- checkpoints: what stores and reads checkpoints, pending writes and parts. Each function whole and current; every
-- migration makes them again (\`create or replace\`).
--
-- Statements are separated by lines of \`--;;\`. :schema is the quoted schema. Bodies stand between $BODY$, or
-- another tag where the schema's name has that in it.
--
-- \`set search_path\`: without it, a role that may create objects in a schema on the caller's path could define operators
-- and functions that match more closely than the built-in ones, and would be called with the state (CVE-2018-1058).
-- Functions that others call in passing have none: they run with their caller's.
-- Functions that give one value give it as JSON text and are called in the select list, which is parsed and planned in a
-- third of the time that a function in FROM takes.

-- The parts that came along in one bytea (sent in binary, so that nothing is escaped); offsets say where each begins, and
-- at last where all end. In the order of the names, which the client sorts: two writers lock in one order.
-- Plain SQL, so that the planner takes it into the statement that inserts (a call would cost a put a twentieth).
create or replace function :schema.unpacked_1(p_names text[], p_offsets integer[], p_blob bytea)
returns table (name text, body text, bytes bytea) language sql immutable as $BODY$
  select p.name,
         case when left(p.name, 1) <> 'b' then convert_from(p.piece, 'UTF8') end,
         case when left(p.name, 1) = 'b' then p.piece end
  from (
    select u.name, substring(p_blob from p_offsets[u.i] + 1 for p_offsets[u.i + 1] - p_offsets[u.i]) as piece
    from unnest(p_names) with ordinality as u(name, i)
    offset 0
  ) p
$BODY$
--;;
-- Whether commits and parts are there on which a writer's knowledge rests; parameters as in put_1.
-- p_more_proofs: {"checkpoints": [[namespace, seq, digest]], "writes": [[namespace, checkpoint, task, idx, digest]],
--                 "parts": [name]}
-- One statement for each that is given, as one for all would open all tables at each call.
create or replace function :schema.are_stored_1(
  p_tenant text, p_thread text, p_proof text[], p_write_proof text[], p_more_proofs json
) returns boolean language plpgsql stable as $BODY$
begin
  if p_proof is not null then
    perform from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_proof[1]
      and c.seq = p_proof[2]::bigint and c.digest = p_proof[3];
    if not found then
      return false;
    end if;
  end if;
  if p_write_proof is not null then
    perform from :schema.writes w
    where w.tenant_id = p_tenant and w.thread_id = p_thread and w.checkpoint_ns = p_write_proof[1]
      and w.checkpoint_id = p_write_proof[2] and w.task_id = p_write_proof[3] and w.idx = p_write_proof[4]::integer
      and w.digest = p_write_proof[5];
    if not found then
      return false;
    end if;
  end if;
  return p_more_proofs is null or not exists (
    select from json_array_elements(p_more_proofs -> 'checkpoints') e
    where not exists (
      select from :schema.checkpoints c
      where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = e ->> 0
        and c.seq = (e ->> 1)::bigint and c.digest = e ->> 2)
  ) and not exists (
    select from json_array_elements(p_more_proofs -> 'writes') e
    where not exists (
      select from :schema.writes w
      where w.tenant_id = p_tenant and w.thread_id = p_thread and w.checkpoint_ns = e ->> 0 and w.checkpoint_id = e ->> 1
        and w.task_id = e ->> 2 and w.idx = (e ->> 3)::integer and w.digest = e ->> 4)
  ) and not exists (
    select from json_array_elements_text(p_more_proofs -> 'parts') n
    where not exists (
      select from :schema.parts p where p.tenant_id = p_tenant and p.thread_id = p_thread and p.name = n)
  );
end
$BODY$
--;;
-- Makes the row of a thread, if there is none.
create or replace function :schema.make_thread_1(p_tenant text, p_thread text) returns void language sql as $BODY$
  insert into :schema.threads (tenant_id, thread_id, generation, created_at, updated_at)
  values (p_tenant, p_thread, floor(extract(epoch from clock_timestamp()) * 1000000), clock_timestamp(), clock_timestamp())
  on conflict (tenant_id, thread_id) do nothing
$BODY$
--;;
-- Stores a checkpoint: one call, one transaction, one round trip.
--
-- p_parent          null for a root; equal to p_checkpoint when LangGraph puts a checkpoint again
-- p_conditional     manifest lines that are kept only if this namespace already holds them (contract rule 5)
-- p_run_generation  the generation in which the writer's run began; null: the call belongs to no run that is known
-- p_generation      the generation under which the writer left parts out because they are stored; null: it sends all
-- p_proof           the checkpoint on which that knowledge rests: [namespace, seq, digest]. A server that went
--                   back in time (failover to a standby that lagged, restore) has lost a suffix of its commits, so if this
--                   one is there, so is all that was committed before it
-- p_write_proof     a write on which it rests: [namespace, checkpoint, task, idx, digest]; its parts came with it
-- p_more_proofs     what else it rests on, as are_stored_1 takes it; null: nothing
-- p_names, p_offsets, p_blob   the parts that come along: see unpacked_1
--
-- Answer: [verdict, seq, generation]. Verdicts: stored; duplicate (same id and content: a repeat); replaced (same id, new
-- content: the first parent and seq stay); generation (what was left out may be gone: send all parts); deleted (the run
-- began before deleteThread). Only the first three leave anything behind.
--
-- A function, because each of its statements sees fresh rows after the wait for the thread's row lock, so content can
-- decide without a second try, and its plans stay cached in the backend behind any pooler.
create or replace function :schema.put_1(
  p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_parent text, p_run text,
  p_header text, p_manifest text, p_conditional text[], p_metadata text, p_digest text,
  p_run_generation bigint, p_generation bigint, p_proof text[], p_write_proof text[], p_more_proofs json,
  p_names text[], p_offsets integer[], p_blob bytea
) returns text language plpgsql set search_path = pg_catalog, pg_temp as $BODY$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp(); -- read here: a distributed Postgres takes no volatile function in an UPDATE
  v_seq bigint;
  v_generation bigint;
  v_deleted_generation bigint;
  v_is_last boolean;
  v_verdict text;
  v_digest text;
  v_manifest text := p_manifest;
  v_line text;
begin
  loop
    -- What a writer relies on is nearly always the last commit, which this row names: that saves looking for its checkpoint,
    -- which takes the server 70 to 130 of 300 to 380 µs. (New values are what \`returning\` gives, so the one before the last stands there, too.)
    update :schema.threads t
    set seq = t.seq + 1, before_last_digest = t.last_digest, last_digest = p_digest, updated_at = v_now
    where t.tenant_id = p_tenant and t.thread_id = p_thread
    returning t.seq, t.generation, t.deleted_generation,
      p_proof is null or (p_proof[2]::bigint = t.seq - 1 and p_proof[3] = t.before_last_digest)
    into v_seq, v_generation, v_deleted_generation, v_is_last;
    exit when found;
    if p_generation is not null then
      return '["generation",0,0]';
    end if;
    perform :schema.make_thread_1(p_tenant, p_thread);
  end loop;

  -- One test for all that is rare: PL/pgSQL prepares each expression again in each transaction, which takes 2 µs.
  if v_deleted_generation > 0 or v_is_last is not true or p_generation <> v_generation or p_write_proof is not null
    or p_more_proofs is not null or p_conditional <> '{}'
  then
    if p_run_generation < v_deleted_generation then
      v_verdict := 'deleted';
    elsif p_generation <> v_generation or not :schema.are_stored_1(
      p_tenant, p_thread, case when v_is_last then null else p_proof end, p_write_proof, p_more_proofs)
    then
      v_verdict := 'generation';
    end if;
    foreach v_line in array p_conditional loop
      if exists (
        select from :schema.checkpoints c
        where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns
          and (strpos(c.manifest, E'\\n' || v_line || E',\\n') > 0 or strpos(c.manifest, E'\\n' || v_line || E'\\n') > 0))
      then v_manifest := left(v_manifest, -2) || case when v_manifest = E'{\\n}' then '' else ',' end || E'\\n' || v_line || E'\\n}';
      end if;
    end loop;
  end if;

  if v_verdict is null then
    if p_blob is not null then
      insert into :schema.parts (tenant_id, thread_id, name, body, bytes)
      select p_tenant, p_thread, p.name, p.body, p.bytes from :schema.unpacked_1(p_names, p_offsets, p_blob) p
      on conflict (tenant_id, thread_id, name) do nothing;
    end if;
    insert into :schema.checkpoints (tenant_id, thread_id, checkpoint_ns, checkpoint_id, parent_id, seq, run_id, digest,
                                     header, manifest, metadata, created_at)
    values (p_tenant, p_thread, p_ns, p_checkpoint, nullif(p_parent, p_checkpoint), v_seq, p_run, p_digest,
            p_header, v_manifest, p_metadata, clock_timestamp())
    on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id) do nothing;
    if found then
      return '["stored",' || v_seq || ',' || v_generation || ']';
    end if;
  end if;

  -- Not a new checkpoint: give the number back, under the same lock, and see what is there already.
  update :schema.threads t set seq = t.seq - 1, last_digest = t.before_last_digest
  where t.tenant_id = p_tenant and t.thread_id = p_thread;
  v_seq := null;
  select c.digest, c.seq into v_digest, v_seq from :schema.checkpoints c
  where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns and c.checkpoint_id = p_checkpoint;
  if v_digest = p_digest then
    v_verdict := 'duplicate';
  elsif v_verdict is null then
    v_verdict := 'replaced';
    update :schema.checkpoints c
    set run_id = p_run, digest = p_digest, header = p_header, manifest = v_manifest, metadata = p_metadata
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns and c.checkpoint_id = p_checkpoint;
  end if;
  return '["' || v_verdict || '",' || coalesce(v_seq, 0) || ',' || v_generation || ']';
end
$BODY$
--;;
-- Stores what a task wrote. The checkpoint may come later, or never. The thread row is locked for share: parallel tasks
-- don't queue, while put, deleteThread and whatever moves the generation wait.
-- A special write (idx < 0) replaces the one before it; an ordinary one stays as it was first stored. Per write.
--
-- p_path is the task's place in the graph. p_idx, p_channels, p_values, p_digests are parallel, without repeats of an idx.
-- The others as in put_1. Answer: [verdict, 0, generation]. Verdicts: stored, generation, deleted; only the first leaves
-- anything behind.
create or replace function :schema.put_writes_1(
  p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_task text, p_path text,
  p_idx integer[], p_channels text[], p_values text[], p_digests text[],
  p_run_generation bigint, p_generation bigint, p_proof text[], p_write_proof text[], p_more_proofs json,
  p_names text[], p_offsets integer[], p_blob bytea
) returns text language plpgsql set search_path = pg_catalog, pg_temp as $BODY$
#variable_conflict use_column
declare
  v_generation bigint;
  v_deleted_generation bigint;
  v_is_last boolean;
begin
  loop
    select t.generation, t.deleted_generation,
      p_proof is null or (p_proof[2]::bigint = t.seq and p_proof[3] = t.last_digest)
    into v_generation, v_deleted_generation, v_is_last
    from :schema.threads t where t.tenant_id = p_tenant and t.thread_id = p_thread for share;
    exit when found;
    perform :schema.make_thread_1(p_tenant, p_thread);
  end loop;

  if v_deleted_generation > 0 or v_is_last is not true or p_generation <> v_generation or p_write_proof is not null
    or p_more_proofs is not null
  then
    if p_run_generation < v_deleted_generation then
      return '["deleted",0,' || v_generation || ']';
    elsif p_generation <> v_generation or not :schema.are_stored_1(
      p_tenant, p_thread, case when v_is_last then null else p_proof end, p_write_proof, p_more_proofs)
    then
      return '["generation",0,' || v_generation || ']';
    end if;
  end if;

  if p_blob is not null then
    insert into :schema.parts (tenant_id, thread_id, name, body, bytes)
    select p_tenant, p_thread, p.name, p.body, p.bytes from :schema.unpacked_1(p_names, p_offsets, p_blob) p
    on conflict (tenant_id, thread_id, name) do nothing;
  end if;
  insert into :schema.writes as w (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel,
                                   value, digest)
  select p_tenant, p_thread, p_ns, p_checkpoint, p_task, u.idx, p_path, u.channel, u.value, u.digest
  from unnest(p_idx, p_channels, p_values, p_digests) as u(idx, channel, value, digest)
  order by u.idx
  on conflict (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
  do update set task_path = excluded.task_path, channel = excluded.channel, value = excluded.value, digest = excluded.digest
  where w.idx < 0;
  return '["stored",0,' || v_generation || ']';
end
$BODY$
--;;
-- Stores parts ahead of the put or putWrites that will name them, where they are too many for one call. Until that comes
-- nothing refers to them. Parameters, lock and answer as in put_writes_1.
create or replace function :schema.put_parts_1(
  p_tenant text, p_thread text, p_run_generation bigint, p_generation bigint,
  p_names text[], p_offsets integer[], p_blob bytea
) returns text language plpgsql set search_path = pg_catalog, pg_temp as $BODY$
#variable_conflict use_column
declare
  v_generation bigint;
  v_deleted_generation bigint;
begin
  loop
    select t.generation, t.deleted_generation into v_generation, v_deleted_generation
    from :schema.threads t where t.tenant_id = p_tenant and t.thread_id = p_thread for share;
    exit when found;
    perform :schema.make_thread_1(p_tenant, p_thread);
  end loop;
  if p_run_generation < v_deleted_generation then
    return '["deleted",0,' || v_generation || ']';
  elsif p_generation <> v_generation then
    return '["generation",0,' || v_generation || ']';
  end if;
  insert into :schema.parts (tenant_id, thread_id, name, body, bytes)
  select p_tenant, p_thread, p.name, p.body, p.bytes from :schema.unpacked_1(p_names, p_offsets, p_blob) p
  on conflict (tenant_id, thread_id, name) do nothing;
  return '["stored",0,' || v_generation || ']';
end
$BODY$
--;;
-- The parts with these names, and whatever the index parts among them lead to, level by level: a list of any length is
-- one call, up to p_limit parts, so that no answer outgrows the reader's memory; it asks again for the rest. A name is a
-- kind and 22 characters of base64url; what only looks like one finds nothing.
-- Plain rows, as they leave Postgres faster than string_agg (1.7 times) and arrays (20 times).
create or replace function :schema.parts_1(p_tenant text, p_thread text, p_names text[], p_limit integer)
returns table (name text, body text, bytes bytea) language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
#variable_conflict use_column
declare
  v_names text[] := p_names;
  v_indexes text[];
  v_left integer := p_limit;
  v_found integer;
begin
  while cardinality(v_names) > 0 and v_left > 0 loop
    return query select p.name, p.body, p.bytes from :schema.parts p
    where p.tenant_id = p_tenant and p.thread_id = p_thread and p.name = any (v_names)
    limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
    v_indexes := array(select n from unnest(v_names) n where left(n, 1) = 'i');
    exit when cardinality(v_indexes) = 0;
    select array_agg(distinct n) into v_names
    from :schema.parts p, unnest(string_to_array(p.body, '"')) n
    where p.tenant_id = p_tenant and p.thread_id = p_thread and p.name = any (v_indexes)
      and length(n) = 23 and left(n, 1) in ('v', 'g', 'i', 't', 'b');
  end loop;
end
$BODY$
--;;
-- A checkpoint with its pending writes as one JSON text, which is how all that reads gives it:
--   [id, namespace, parent, seq, digest, header, manifest, metadata, writes, sends]
-- writes and sends are null, or arrays of [task, idx, channel, value, path, digest] in no order. Sends: for a checkpoint of format < 4,
-- what its parent wrote to __pregel_tasks.
-- One value and not rows with a column for each: a call with one value stands in the select list, which is parsed and
-- planned in a third of the time that a function in FROM takes, and the client takes one field apart instead of dozens.
create or replace function :schema.reading_1(c :schema.checkpoints) returns json language plpgsql stable as $BODY$
declare
  v_writes json;
  v_sends json;
begin
  select json_agg(json_build_array(w.task_id, w.idx, w.channel, w.value, w.task_path, w.digest)) into v_writes from :schema.writes w
  where w.tenant_id = c.tenant_id and w.thread_id = c.thread_id and w.checkpoint_ns = c.checkpoint_ns
    and w.checkpoint_id = c.checkpoint_id;
  if c.parent_id is not null and c.header ~ '^\\{"v":[0-3],' then
    select json_agg(json_build_array(w.task_id, w.idx, w.channel, w.value, w.task_path, w.digest)) into v_sends from :schema.writes w
    where w.tenant_id = c.tenant_id and w.thread_id = c.thread_id and w.checkpoint_ns = c.checkpoint_ns
      and w.checkpoint_id = c.parent_id and w.channel = '__pregel_tasks';
  end if;
  return json_build_array(c.checkpoint_id, c.checkpoint_ns, c.parent_id, c.seq, c.digest, c.header, c.manifest, c.metadata, v_writes, v_sends);
end
$BODY$
--;;
-- One checkpoint as of one snapshot: the one named, or (p_checkpoint null) the head. A JSON text, [generation, reading];
-- the reading is null where there is no such checkpoint, and all is null where there is no such thread.
-- STABLE, so that all its statements read with the snapshot of the call.
create or replace function :schema.head_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
declare
  v_generation bigint;
  v_checkpoint :schema.checkpoints;
begin
  select t.generation into v_generation from :schema.threads t where t.tenant_id = p_tenant and t.thread_id = p_thread;
  if not found then
    return null;
  end if;
  if p_checkpoint is null then
    select * into v_checkpoint from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns
    order by c.seq desc limit 1;
  else
    select * into v_checkpoint from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns and c.checkpoint_id = p_checkpoint;
  end if;
  if not found then
    return json_build_array(v_generation, null);
  end if;
  return json_build_array(v_generation, :schema.reading_1(v_checkpoint));
end
$BODY$
--;;
-- What head_1 returns, as the body of a row without a name, and then up to p_parts of the parts that it leads to: for a
-- reader that has none of the thread's at hand, one round trip instead of two.
create or replace function :schema.read_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_parts integer)
returns table (name text, body text, bytes bytea) language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
#variable_conflict use_column
declare
  v_head text := :schema.head_1(p_tenant, p_thread, p_ns, p_checkpoint);
begin
  return query select null, v_head, null::bytea;
  -- Manifest and values are JSON inside JSON, so a name in them stands between \\" and \\".
  return query select p.name, p.body, p.bytes from :schema.parts_1(p_tenant, p_thread, (
    select array_agg(distinct n) from unnest(string_to_array(v_head, E'\\\\"')) n
    where length(n) = 23 and left(n, 1) in ('v', 'g', 'i', 't', 'b')
  ), p_parts) p;
end
$BODY$
--;;
-- A page of a thread's checkpoints, last committed first, each as reading_1 gives it.
--
-- p_ns null: all namespaces. p_checkpoint: only this id. p_before: strictly before this checkpoint's commit, where the
-- namespaces asked for hold it; the id of another namespace is compared as an id: LangGraph asks so for a subgraph's state
-- as of its parent, which may be committed after the subgraph's first checkpoints. p_below_seq: the page before's last seq.
-- p_filter: metadata contains it (jsonb @>); null: no filter.
-- Planned again each time: only with the values known does the planner walk the index by seq for a namespace.
create or replace function :schema.list_1(
  p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_before text, p_below_seq bigint, p_filters jsonb[], p_limit integer
) returns setof text language plpgsql stable set plan_cache_mode = force_custom_plan set search_path = pg_catalog, pg_temp as $BODY$
declare
  v_below bigint := coalesce(p_below_seq, 9223372036854775807);
  v_before_seq bigint;
  v_before_id text;
begin
  if p_before is not null then
    select max(c.seq) into v_before_seq from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and (p_ns is null or c.checkpoint_ns = p_ns)
      and c.checkpoint_id = p_before;
    if v_before_seq is null then
      v_before_id := p_before;
    else
      v_below := least(v_below, v_before_seq);
    end if;
  end if;

  return query select :schema.reading_1(page)::text from (
    select c.* from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and (p_ns is null or c.checkpoint_ns = p_ns)
      and c.seq < v_below and (p_checkpoint is null or c.checkpoint_id = p_checkpoint)
      and (v_before_id is null or c.checkpoint_id < v_before_id)
      and (p_filters is null or c.metadata::jsonb @> any (p_filters))
    order by c.seq desc limit p_limit
  ) page;
end
$BODY$
--;;
-- A page of checkpoints over all threads of a tenant, greatest checkpoint id first: what \`list({})\` needs (contract rule
-- 20). No index serves it, on purpose: it is for tests and small deployments. A JSON text each, [thread, reading], the
-- reading as reading_1 gives it.
--
-- p_below_*: the last address of the page before.
-- p_filters: metadata contains one of them (jsonb @>); null: no filter.
-- p_needle: a text that stands in all metadata that contains one of p_filters; null: none is known. To make jsonb of metadata
-- takes ten times as long as to look for a text in it. So metadata without the needle is not parsed, and not noticed if it is
-- no JSON.
--
-- In two passes: the first orders up to a thousand rows with the needle and parses them one by one, until the page is full. That
-- is enough where a filter matches a lot, and where few rows have the needle. Else the second parses all that are left.
-- A loop, so that each reading is made by statements that name one thread.
create or replace function :schema.list_all_1(
  p_tenant text, p_ns text, p_checkpoint text, p_before text,
  p_below_id text, p_below_thread text, p_below_ns text, p_filters jsonb[], p_needle text, p_limit integer
) returns setof text language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
declare
  v_row :schema.checkpoints;
  v_left integer := p_limit;
  v_candidates integer := case when p_filters is null then p_limit else greatest(p_limit, 1000) end;
  v_seen integer := 0;
  v_id text := p_below_id;
  v_thread text := p_below_thread;
  v_ns text := p_below_ns;
begin
  for v_pass in 1 .. 2 loop
    for v_row in
      select c.* from :schema.checkpoints c
      where c.tenant_id = p_tenant
        -- CASE, as the planner would parse first and look for the needle then.
        and case when p_needle is not null and strpos(c.metadata, p_needle) = 0 then false
                 when v_pass = 2 then c.metadata::jsonb @> any (p_filters)
                 else true end
        and (p_ns is null or c.checkpoint_ns = p_ns)
        and (p_checkpoint is null or c.checkpoint_id = p_checkpoint)
        and (p_before is null or c.checkpoint_id < p_before)
        and (v_id is null or (c.checkpoint_id, c.thread_id, c.checkpoint_ns) < (v_id, v_thread, v_ns))
      order by c.checkpoint_id desc, c.thread_id desc, c.checkpoint_ns desc
      limit case v_pass when 1 then v_candidates else v_left end
    loop
      v_seen := v_seen + 1;
      v_id := v_row.checkpoint_id;
      v_thread := v_row.thread_id;
      v_ns := v_row.checkpoint_ns;
      continue when v_pass = 1 and not (p_filters is null or v_row.metadata::jsonb @> any (p_filters));
      return next json_build_array(v_thread, :schema.reading_1(v_row));
      v_left := v_left - 1;
      exit when v_left = 0;
    end loop;
    exit when v_left = 0 or v_seen < v_candidates;
  end loop;
end
$BODY$
--;;
-- getDeltaChannelHistory in one call: from the target's parent up, for each channel the writes of every ancestor until
-- the first that holds a value for it (its writes included), and that ancestor's manifest.
--
-- p_checkpoint null: the head. p_keys: for each channel the beginning of its manifest line, \`"name":\`.
-- One JSON text a channel, [channel, manifest or null, writes]; writes are null, or an array of [task, idx, value, path, digest], those
-- of the oldest ancestor first. A loop, not a recursive CTE: each channel ends on its own, and a parent may have a greater
-- id than its child (clocks differ), so no order of ids can guard against a cycle. An edge that goes up in seq is taken once.
create or replace function :schema.history_1(
  p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_channels text[], p_keys text[]
) returns setof text language plpgsql stable set search_path = pg_catalog, pg_temp as $BODY$
declare
  r record;
  v_id text := p_checkpoint;
  v_seq bigint;
  v_climbs text[] := '{}';
  v_ids text[] := '{}';
  v_stops integer[] := array_fill(null::integer, array[cardinality(p_channels)]);
  v_seeds text[] := array_fill(null::text, array[cardinality(p_channels)]);
  v_open integer := cardinality(p_channels);
  i integer;
begin
  if v_id is null then
    select c.parent_id, c.seq into v_id, v_seq from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns
    order by c.seq desc limit 1;
  else
    select c.parent_id, c.seq into v_id, v_seq from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns and c.checkpoint_id = v_id;
    if not found then
      return;
    end if;
  end if;

  while v_id is not null and v_open > 0 loop
    select c.checkpoint_id as id, c.parent_id, c.seq, c.manifest into r from :schema.checkpoints c
    where c.tenant_id = p_tenant and c.thread_id = p_thread and c.checkpoint_ns = p_ns and c.checkpoint_id = v_id;
    exit when not found;
    if r.seq >= v_seq then
      if r.id = any (v_climbs) then
        -- Once round a circle: what was walked twice goes.
        while v_ids[cardinality(v_ids)] = any (v_ids[: cardinality(v_ids) - 1]) loop
          v_ids := v_ids[: cardinality(v_ids) - 1];
        end loop;
        exit;
      end if;
      v_climbs := v_climbs || r.id;
    end if;
    v_ids := v_ids || r.id;
    for i in 1 .. cardinality(p_channels) loop
      if v_stops[i] is null and strpos(r.manifest, E'\\n' || p_keys[i]) > 0 then
        v_stops[i] := cardinality(v_ids);
        v_seeds[i] := r.manifest;
        v_open := v_open - 1;
      end if;
    end loop;
    v_id := r.parent_id;
    v_seq := r.seq;
  end loop;

  return query
  select json_build_array(s.channel, s.seed, (
    select json_agg(json_build_array(w.task_id, w.idx, w.value, w.task_path, w.digest) order by a.distance desc, w.task_path, w.task_id, w.idx)
    from unnest(v_ids[: coalesce(s.stop, cardinality(v_ids))]) with ordinality as a(id, distance)
    join :schema.writes w on w.tenant_id = p_tenant and w.thread_id = p_thread and w.checkpoint_ns = p_ns
      and w.checkpoint_id = a.id and w.channel = s.channel
  ))::text
  from unnest(p_channels, v_stops, v_seeds) as s(channel, stop, seed);
end
$BODY$
`,
  'functions/threads': `-- threads: what concerns a thread as a whole. Form and rules as in checkpoints.sql.

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
`,
}
