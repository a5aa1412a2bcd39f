-- Grain:     one decision for a scan
-- Source:    table scan_routed
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- A page shows more than its texts.

ALTER TABLE footpath.scan_routed
    ADD COLUMN IF NOT EXISTS content String COMMENT 'What a page shows beside its texts, as a JSON object; empty for a redirect.' AFTER reply_partition;
