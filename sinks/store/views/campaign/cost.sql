-- Grain:      one day (UTC) of one campaign, channel, placement, store and tag
-- Sources:    cost_reported
-- Definition: the amount of the latest statement: a second statement for a day replaces the first, nothing is added up.
-- Example:    SELECT campaign, placement, sum(amount) FROM cost WHERE day >= '2026-01-01' GROUP BY campaign, placement
--             ORDER BY 3 DESC

CREATE OR REPLACE VIEW footpath.cost AS
SELECT
    toDate(occurred_at, 'UTC') AS day,
    campaign,
    channel,
    placement,
    store,
    tag,
    toDecimal128(argMax(stated.amount, _version), 6) AS amount,
    argMax(stated.currency, _version) AS currency,
    max(received_at) AS stated_at
FROM footpath.cost_reported AS stated
GROUP BY day, campaign, channel, placement, store, tag
