-- Grain:      one own person (what an identifier is on its own) of people who may have bought something
-- Sources:    touch, person_now
-- Definition: found without looking for events that were sent twice, and with everybody who was ever merged or split,
--             so too many are in it: for leaving people out early, not for counting. With wanted = 0 nothing is read.
-- Example:    SELECT count() FROM touch WHERE own_person_id IN (SELECT own_person_id FROM buyer(wanted = 1))

CREATE OR REPLACE VIEW footpath.buyer AS
SELECT arrayJoin([own_person_id, person_id]) AS own_person_id
FROM footpath.touch
WHERE {wanted:UInt8} AND is_money AND type = 'sale'

UNION ALL

SELECT arrayJoin([person_id, current_person_id]) AS own_person_id
FROM footpath.person_now

UNION ALL

SELECT arrayJoin([own_person_id, person_id]) AS own_person_id
FROM footpath.touch
WHERE {wanted:UInt8} AND joined
