-- Grain:     one merge or split on insert
-- Source:    table identity_changed
-- Dedup key: none of its own; a replayed change gives the same row of identity_override again
-- Retention: stores nothing

CREATE MATERIALIZED VIEW IF NOT EXISTS footpath.identity_override_feed
TO footpath.identity_override
AS
SELECT
    if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), person_id, source_profile_id) AS source_profile_id,
    into_person_id AS current_person_id,
    occurred_at,
    version
FROM footpath.identity_changed
WHERE change IN ('merged', 'split');
