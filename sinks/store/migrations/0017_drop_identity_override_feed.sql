-- Grain:     one merge as it arrived, until now
-- Source:    table identity_changed
-- Dedup key: none of its own
-- Retention: kept nothing; 0019 makes the feed anew

DROP VIEW IF EXISTS footpath.identity_override_feed SYNC;
