-- Grain:     one touchpoint
-- Source:    table touchpoint_recorded
-- Dedup key: namespace and event_id (as _key); of several records the one of the highest revision, then the one written first
-- Retention: unlimited
--
-- A scan says in which language it was answered and how far it is to be believed.

ALTER TABLE footpath.touchpoint_recorded
    ADD COLUMN IF NOT EXISTS language LowCardinality(String) COMMENT 'Language (BCP 47) of the brand''s that suits the phone best; empty where the brand has texts in one language alone, or no phone asked.' AFTER revision,
    ADD COLUMN IF NOT EXISTS trust Nullable(Int32) COMMENT 'How far the scan is to be believed, 0 to 100, 100 when nothing speaks against it; null where nothing was judged.' AFTER language,
    ADD COLUMN IF NOT EXISTS trust_reasons Array(LowCardinality(String)) COMMENT 'What speaks against the scan, in the order of its weight.' AFTER trust;
