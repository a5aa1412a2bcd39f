-- Grain:     one purpose, or one channel of marketing, of one statement of a source profile
-- Source:    table consent_changed
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- Every insert into touchpoint_recorded asks whether anybody ever said anything of analytics.

ALTER TABLE footpath.consent_changed
    ADD INDEX IF NOT EXISTS purpose_index purpose TYPE set(8) GRANULARITY 8;
