-- Grain:      one row, always
-- Sources:    brand_configured
-- Definition: what the brand's points are, as it was applied last: the time zone of their ends, and what an open point
--             costs in the brand's currency; UTC and nothing where the brand does not say.
-- Example:    SELECT time_zone, cost_per_point FROM live_loyalty

CREATE OR REPLACE VIEW footpath.live_loyalty AS
SELECT
    if(count() = 0, 'UTC', any(JSONExtractString(body, 'zone'))) AS time_zone,
    toDecimal128(if(any(JSONExtractString(body, 'cost_per_point')) AS cost = '', '0', cost), 6) AS cost_per_point
FROM
(
    SELECT
        id,
        argMax(body, _version) AS body
    FROM footpath.brand_configured
    WHERE kind = 'loyalty'
    GROUP BY id
    HAVING body != ''
    ORDER BY max(occurred_at) DESC, id
    LIMIT 1
)
