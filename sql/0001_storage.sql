-- 0001 storage: threads, checkpoints, pending writes, and the parts that their values are made of.
--
--   threads ──< checkpoints ──(manifest names)──> parts
--      └──────< writes ───────(value names)─────────┘
--
-- Statements are separated by lines of `--;;`, so that a distributed Postgres accepts them one by one.
-- :schema is the quoted schema; :lz4 is `compression lz4` where the server has it, else nothing.
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
