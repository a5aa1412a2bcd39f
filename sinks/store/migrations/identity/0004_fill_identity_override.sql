-- Grain:     one source profile that belongs, or once belonged, to another person
-- Source:    table identity_changed, rows inserted before identity_override_feed existed
-- Dedup key: source_profile_id; rows that the feed has written too are the same rows
-- Retention: unlimited
--
-- The sink may insert rows between the creation of identity_changed and that of the feed; this statement adds them.

INSERT INTO footpath.identity_override
SELECT
    if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), person_id, source_profile_id) AS source_profile_id,
    into_person_id AS current_person_id,
    occurred_at,
    version
FROM footpath.identity_changed
WHERE change IN ('merged', 'split');
