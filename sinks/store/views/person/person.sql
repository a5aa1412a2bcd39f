-- Grain:      one current person with at least one event
-- Sources:    touchpoint, sale, live_brand
-- Definition: all events of a person count for the current person, also those recorded under earlier ids. revenue is that
--             of their sales in view sale, net of returns, in the brand's currency; other_revenue the same in other
--             currencies, by code. Overrides by an operator (identity_linked, identity_unlinked) are not events of the
--             person; receipts without a person are nobody's.
-- Example:    SELECT * FROM person ORDER BY revenue DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.person AS
SELECT
    seen.person_id AS person_id,
    seen.first_seen_at AS first_seen_at,
    seen.last_seen_at AS last_seen_at,
    seen.touchpoints AS touchpoints,
    seen.touches AS touches,
    seen.sales AS sales,
    bought.revenue AS revenue,
    bought.other_revenue AS other_revenue
FROM
(
    SELECT
        person_id,
        min(occurred_at) AS first_seen_at,
        max(occurred_at) AS last_seen_at,
        count() AS touchpoints,
        countIf(is_touch) AS touches,
        countIf(type = 'sale') AS sales
    FROM footpath.touchpoint
    WHERE type NOT IN ('identity_linked', 'identity_unlinked')
        AND person_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY person_id
) AS seen
LEFT JOIN
(
    WITH (SELECT currency FROM footpath.live_brand) AS own_currency
    SELECT
        person_id,
        sumIf(sold.revenue, own_currency IN ('', sold.currency)) AS revenue,
        sumMapIf(map(sold.currency, sold.revenue), own_currency NOT IN ('', sold.currency)) AS other_revenue
    FROM footpath.sale AS sold
    GROUP BY person_id
) AS bought ON bought.person_id = seen.person_id
