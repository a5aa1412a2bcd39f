-- Grain:      one campaign with rewards; empty for rules that are of none
-- Sources:    ledger_entry, live_loyalty
-- Definition: points that its rules granted, less what returns and statements took back of them. cost is what they are
--             worth in the brand's currency (loyalty.cost_per_point), whether they are spent, open or have expired.
-- Example:    SELECT campaign, points, cost FROM reward_cost ORDER BY cost DESC

CREATE OR REPLACE VIEW footpath.reward_cost AS
WITH (SELECT cost_per_point FROM footpath.live_loyalty) AS cost_per_point
SELECT
    entry.campaign AS campaign,
    sumIf(entry.points, kind = 'earned') AS earned,
    -sumIf(entry.points, kind = 'reversed') AS taken_back,
    earned - taken_back AS points,
    uniqExact(entry.person_id) AS people,
    assumeNotNull(toDecimal128(points, 0) * cost_per_point) AS cost
FROM footpath.ledger_entry AS entry
WHERE kind IN ('earned', 'reversed')
GROUP BY campaign
