-- Grain:      one person id, also earlier ones, of people who may have bought something
-- Sources:    touchpoint_identified, person_now
-- Definition: found without looking for events that were sent twice, so a few too many can be in it: for leaving people
--             out early, not for counting.
-- Example:    SELECT count() FROM touchpoint WHERE person_id IN (SELECT person_id FROM buyer)

CREATE OR REPLACE VIEW footpath.buyer AS
SELECT DISTINCT coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), event.person_id) AS person_id
FROM footpath.touchpoint_identified AS event
LEFT JOIN footpath.person_now AS now
    ON now.person_id = if(event.own_person_id = toUUID('00000000-0000-0000-0000-000000000000'), event.person_id, event.own_person_id)
WHERE event.type = 'sale'
