table checkpoints
  tenant_id text collate "C" not null
  thread_id text collate "C" not null
  checkpoint_ns text collate "C" not null
  checkpoint_id text collate "C" not null
  parent_id text collate "C"
  seq bigint not null
  metadata text not null
  run_id text collate "C"
  digest text collate "C" not null
  header text not null
  manifest text not null
  created_at timestamp with time zone not null

table migrations
  version integer not null
  name text not null
  requires integer not null
  applied_at timestamp with time zone not null

table parts
  tenant_id text collate "C" not null
  thread_id text collate "C" not null
  name text collate "C" not null
  body text storage main
  bytes bytea

table threads with (fillfactor=60)
  tenant_id text collate "C" not null
  thread_id text collate "C" not null
  seq bigint not null default 0
  last_digest text collate "C"
  before_last_digest text collate "C"
  generation bigint not null
  deleted_generation bigint not null default 0
  created_at timestamp with time zone not null
  updated_at timestamp with time zone not null

table writes
  tenant_id text collate "C" not null
  thread_id text collate "C" not null
  checkpoint_ns text collate "C" not null
  checkpoint_id text collate "C" not null
  task_id text collate "C" not null
  idx integer not null
  task_path text collate "C" not null default ''::text
  channel text collate "C" not null
  value text not null
  digest text collate "C" not null

CREATE UNIQUE INDEX checkpoints_pkey ON checkpoints USING btree (tenant_id, thread_id, checkpoint_ns, checkpoint_id) -- constraint p
CREATE UNIQUE INDEX checkpoints_tenant_id_thread_id_checkpoint_ns_seq_key ON checkpoints USING btree (tenant_id, thread_id, checkpoint_ns, seq) -- constraint u
CREATE UNIQUE INDEX migrations_pkey ON migrations USING btree (version) -- constraint p
CREATE UNIQUE INDEX parts_pkey ON parts USING btree (tenant_id, thread_id, name) -- constraint p
CREATE UNIQUE INDEX threads_pkey ON threads USING btree (tenant_id, thread_id) -- constraint p
CREATE UNIQUE INDEX writes_pkey ON writes USING btree (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx) -- constraint p


function are_stored_1(p_tenant text, p_thread text, p_proof text[], p_write_proof text[], p_more_proofs json)
  returns boolean
  language plpgsql stable -- body O3MRCuI7heQ-
function delete_thread_1(p_tenant text, p_thread text, p_deleted_generation bigint, p_names_limit integer)
  returns text
  language plpgsql set search_path=pg_catalog, pg_temp -- body hii9Gyf6ACAM
function deleted_generation_1(p_tenant text, p_thread text)
  returns text
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body tUc8Zm0Gssnw
function head_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text)
  returns text
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body cfBTLeMkuOqn
function history_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_channels text[], p_keys text[])
  returns SETOF text
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body DPcGs3ws8FgK
function list_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_before text, p_below_seq bigint, p_filters jsonb[], p_limit integer)
  returns SETOF text
  language plpgsql stable set plan_cache_mode=force_custom_plan, search_path=pg_catalog, pg_temp -- body zL16pDIg0MeT
function list_all_1(p_tenant text, p_ns text, p_checkpoint text, p_before text, p_below_id text, p_below_thread text, p_below_ns text, p_filters jsonb[], p_needle text, p_limit integer)
  returns SETOF text
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body 1WMFEsq2pUjm
function make_thread_1(p_tenant text, p_thread text)
  returns void
  language sql -- body 1IAvCVicA2C1
function parts_1(p_tenant text, p_thread text, p_names text[], p_limit integer)
  returns TABLE(name text, body text, bytes bytea)
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body qdKaElt5UHYS
function put_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_parent text, p_run text, p_header text, p_manifest text, p_conditional text[], p_metadata text, p_digest text, p_run_generation bigint, p_generation bigint, p_proof text[], p_write_proof text[], p_more_proofs json, p_names text[], p_offsets integer[], p_blob bytea)
  returns text
  language plpgsql set search_path=pg_catalog, pg_temp -- body _0wtP067GVVH
function put_parts_1(p_tenant text, p_thread text, p_run_generation bigint, p_generation bigint, p_names text[], p_offsets integer[], p_blob bytea)
  returns text
  language plpgsql set search_path=pg_catalog, pg_temp -- body kvztiDZP5tsx
function put_writes_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_task text, p_path text, p_idx integer[], p_channels text[], p_values text[], p_digests text[], p_run_generation bigint, p_generation bigint, p_proof text[], p_write_proof text[], p_more_proofs json, p_names text[], p_offsets integer[], p_blob bytea)
  returns text
  language plpgsql set search_path=pg_catalog, pg_temp -- body g3WgXwfuiIQb
function read_1(p_tenant text, p_thread text, p_ns text, p_checkpoint text, p_parts integer)
  returns TABLE(name text, body text, bytes bytea)
  language plpgsql stable set search_path=pg_catalog, pg_temp -- body vPvJbKw4xVcp
function reading_1(c checkpoints)
  returns json
  language plpgsql stable -- body PjpmV_J_YAgb
function unpacked_1(p_names text[], p_offsets integer[], p_blob bytea)
  returns TABLE(name text, body text, bytes bytea)
  language sql immutable -- body Qcb0QJAYml0N
