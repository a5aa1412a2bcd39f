-- Grain:     one own person, see 0018
-- Source:    table identity_changed, what it had before the feed of 0019 was there
-- Dedup key: own_person_id; the highest version counts, so rows that the feed wrote meanwhile may come twice
-- Retention: for ever

INSERT INTO footpath.identity_override
SELECT
    if(own_person_id = toUUID('00000000-0000-0000-0000-000000000000'), person_id, own_person_id) AS own_person_id,
    into_person_id AS current_person_id,
    occurred_at,
    version
FROM footpath.identity_changed
WHERE change IN ('merged', 'split')
ORDER BY _offset;
