-- Grain:      one month in which open points expire
-- Sources:    lot, live_loyalty
-- Definition: open points of all people by the month, in the zone of the brand's loyalty, at whose end or within which
--             they expire, as 2027-03; empty for never. What its person owes is not open. cost is what they are worth
--             in the brand's currency (loyalty.cost_per_point).
-- Example:    SELECT month, points, cost FROM liability ORDER BY month

CREATE OR REPLACE VIEW footpath.liability AS
WITH
    (SELECT time_zone FROM footpath.live_loyalty) AS zone,
    (SELECT cost_per_point FROM footpath.live_loyalty) AS cost_per_point
SELECT
    if(lot.lot = '', '', substring(toString(lot.expires_at - INTERVAL 1 MICROSECOND, zone), 1, 7)) AS month,
    sum(lot.left_points) AS points,
    sum(lot.pending_points) AS pending_points,
    uniqExact(lot.person_id) AS people,
    assumeNotNull(toDecimal128(points, 0) * cost_per_point) AS cost
FROM footpath.lot AS lot
WHERE lot.left_points > 0
GROUP BY month
