-- Grain:      one current person with entries in the ledger
-- Sources:    reward_posted, person_now
-- Definition: points are the sum of all entries, earned and reversed, also those posted under earlier ids. An entry is of
--             the source profile that earned it, whoever brought the goods back that it reverses.
-- Example:    SELECT points FROM balance WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10'

CREATE OR REPLACE VIEW footpath.balance AS
SELECT
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), entry.earner) AS person_id,
    sum(entry.points) AS points,
    count() AS entries,
    max(entry.occurred_at) AS last_posted_at
FROM
(
    SELECT
        if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), posted.person_id, source_profile_id) AS earner,
        points,
        occurred_at
    FROM footpath.reward_posted AS posted FINAL
) AS entry
LEFT JOIN footpath.person_now AS now ON now.person_id = entry.earner
GROUP BY person_id
