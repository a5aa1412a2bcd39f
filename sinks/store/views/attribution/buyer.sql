-- Grain:      one source profile of people who may have bought something
-- Sources:    touch, person_now
-- Definition: duplicate events are not removed and everybody who was ever merged or split is included, so it has more
--             profiles than bought: for leaving people out early, not for counting. wanted = 0 reads nothing.
-- Example:    SELECT count() FROM touch WHERE source_profile_id IN (SELECT source_profile_id FROM buyer(wanted = 1))

CREATE OR REPLACE VIEW footpath.buyer AS
SELECT arrayJoin([source_profile_id, person_id]) AS source_profile_id
FROM footpath.touch
WHERE {wanted:UInt8} AND is_money AND type = 'sale'

UNION ALL

SELECT arrayJoin([person_id, current_person_id]) AS source_profile_id
FROM footpath.person_now

UNION ALL

SELECT arrayJoin([source_profile_id, person_id]) AS source_profile_id
FROM footpath.touch
WHERE {wanted:UInt8} AND joined
