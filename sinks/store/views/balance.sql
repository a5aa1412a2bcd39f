-- Grain:      one person of today who has entries in the ledger
-- Sources:    reward_posted, person_now
-- Definition: points are the sum of all entries, earned and reversed, also those posted under earlier ids.
-- Example:    SELECT points FROM balance WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10'

CREATE OR REPLACE VIEW footpath.balance AS
SELECT
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), entry.person_id) AS person_id,
    sum(entry.points) AS points,
    count() AS entries,
    max(entry.occurred_at) AS last_posted_at
FROM footpath.reward_posted AS entry FINAL
LEFT JOIN footpath.person_now AS now
    ON now.person_id = if(entry.own_person_id = toUUID('00000000-0000-0000-0000-000000000000'), entry.person_id, entry.own_person_id)
GROUP BY person_id
