-- Grain:      one lot of one source profile
-- Sources:    ledger_entry
-- Definition: the points of a source profile that expire together, by kind of entry; the one that never expires has no
--             name and expires_at 1970. left_points is the sum of its entries, below zero for what its person owes;
--             pending_points of that cannot be spent yet.
-- Example:    SELECT lot, left_points FROM lot WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10' ORDER BY expires_at

CREATE OR REPLACE VIEW footpath.lot AS
SELECT
    any(entry.person_id) AS person_id,
    entry.source_profile_id AS source_profile_id,
    entry.lot AS lot,
    max(entry.expires_at) AS expires_at,
    sumIf(entry.points, kind = 'earned') AS earned,
    sumIf(entry.points, kind = 'reversed') AS reversed,
    -sumIf(entry.points, kind IN ('spent', 'returned')) AS spent_points,
    -sumIf(entry.points, kind = 'expired') AS expired,
    sumIf(entry.points, kind = 'adjusted') AS adjusted,
    sumIf(entry.points, kind = 'transferred') AS transferred,
    sumIf(entry.points, kind = 'repaid') AS repaid,
    sum(entry.points) AS left_points,
    greatest(0, least(left_points, sumIf(entry.points, is_pending))) AS pending_points,
    max(entry.occurred_at) AS last_posted_at
FROM footpath.ledger_entry AS entry
GROUP BY source_profile_id, lot
