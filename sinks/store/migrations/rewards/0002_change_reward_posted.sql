-- Grain:     one entry of the points ledger
-- Source:    table reward_posted
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- An event is its sender's namespace and id.

ALTER TABLE footpath.reward_posted
    ADD COLUMN IF NOT EXISTS source_namespace LowCardinality(String) COMMENT 'Namespace of source_event_id.' AFTER source_event_id;
