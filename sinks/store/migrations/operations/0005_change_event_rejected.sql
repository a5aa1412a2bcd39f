-- Grain:     one event that was rejected
-- Source:    table event_rejected
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- An event is its sender's namespace and id.

ALTER TABLE footpath.event_rejected
    ADD COLUMN IF NOT EXISTS source_namespace LowCardinality(String) COMMENT 'Namespace of source_event_id.' AFTER source_event_id;
