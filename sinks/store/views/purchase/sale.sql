-- Grain:      one sale
-- Sources:    person_history, touch, live_class
-- Definition: revenue is the amount net of returns, by the rule of processors/purchases.py. The returns that name a
--             sale (related_event_id) are booked on it in order of time, whoever brings the goods back, if both have
--             the same currency. Then, in order of time, what is left over of those, and the returns that name none:
--             each is booked on the latest sale in the same currency, of the named sale's person or of its own, that is
--             not after it and has something left, what exceeds that on the sale before, and so on. No sale goes below
--             zero; what is left over in the end is ignored. A sale that was returned as a whole stays a sale, with
--             revenue 0; a negative amount (an exchange) counts as it is. A receipt without a person has a zero
--             person_id, and its store's stand for those of a person. Amounts of different currencies do not add up:
--             own_revenue is revenue in the brand's currency, 0 in others. channel and is_touch are those of the view
--             touchpoint. View sale_by_day has the days and weeks of each store's own time zone. An event_id is unique
--             within its namespace.
-- Example:    SELECT store, currency, count(), sum(revenue) FROM sale WHERE occurred_at >= '2026-01-01' GROUP BY store,
--             currency

CREATE OR REPLACE VIEW footpath.sale AS
SELECT
    substring(event.event_id, position(event.event_id, '/') + 1) AS event_id,
    substring(event.event_id, 1, greatest(position(event.event_id, '/'), 1) - 1) AS namespace,
    netted.person_id AS person_id,
    event.occurred_at AS occurred_at,
    toDecimal128(event.amount, 6) AS amount,
    toDecimal128(netted.revenue, 6) AS revenue,
    toDecimal128(netted.own_revenue, 6) AS own_revenue,
    event.currency AS currency,
    event.store AS store,
    event.tag AS tag,
    class.channel AS channel,
    class.is_touch AS is_touch,
    event._key AS _key
FROM
(
    SELECT
        person_id,
        version,
        revenue,
        own_revenue
    FROM footpath.person_history(
        by = 'channel', wanted = 1, touches = 0, buyers_only = 0,
        lookback_days = 0, since = '1970-01-01', until = '2299-12-31'
    )
    ARRAY JOIN
        sold AS version,
        revenues AS revenue,
        own_revenues AS own_revenue
) AS netted
INNER ANY JOIN
(
    SELECT event_id, occurred_at, amount, currency, store, tag, class, _key, _version
    FROM footpath.touch
    WHERE is_money AND type = 'sale'
) AS event ON event._version = netted.version
LEFT ANY JOIN footpath.live_class AS class ON class.class = event.class
