-- Grain:     one decision for a scan
-- Source:    table scan_routed
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- An event is its sender's namespace and id.

ALTER TABLE footpath.scan_routed
    ADD COLUMN IF NOT EXISTS scan_namespace LowCardinality(String) COMMENT 'Namespace of scan_event_id.' AFTER scan_event_id;
