-- Grain:      one current person with entries in the ledger
-- Sources:    ledger_entry
-- Definition: points are the sum of all entries, also those posted under earlier ids. pending of them cannot be spent
--             yet, active can, as soon as what has expired by now is posted; below zero where the person owes points.
--             earned, reversed (by returns and statements; below zero), spent_points (less what was given back), expired,
--             adjusted, transferred and forgiven say what became of them.
-- Example:    SELECT points, pending, active FROM balance WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10'

CREATE OR REPLACE VIEW footpath.balance AS
SELECT
    entry.person_id AS person_id,
    sum(entry.points) AS points,
    count() AS entries,
    max(entry.occurred_at) AS last_posted_at,
    greatest(0, least(points, sumIf(entry.points, is_pending))) AS pending,
    points - pending AS active,
    sumIf(entry.points, kind = 'earned') AS earned,
    sumIf(entry.points, kind = 'reversed') AS reversed,
    -sumIf(entry.points, kind IN ('spent', 'returned')) AS spent_points,
    -sumIf(entry.points, kind = 'expired') AS expired,
    sumIf(entry.points, kind = 'adjusted') AS adjusted,
    sumIf(entry.points, kind = 'transferred') AS transferred,
    sum(entry.forgiven) AS forgiven
FROM footpath.ledger_entry AS entry
GROUP BY person_id
