-- Grain:      one sale
-- Sources:    person_history, live_class
-- Definition: revenue is the amount net of returns, by the rule of processors/purchases.py. The returns that name a sale
--             (related_event_id) are booked on it in order of time, whoever brings the goods back, if both have the same
--             currency. Then, in order of time, what is left over of those, and the returns that name none: each is
--             booked on the latest sale in the same currency, of the named sale's person or of its own, that is not
--             after it and has something left, what exceeds that on the sale before, and so on. No sale goes below
--             zero; what is left over in the end is ignored. A sale that was returned as a whole stays a sale, with
--             revenue 0; a negative amount (an exchange) counts as it is. A receipt without a person has a zero
--             person_id, and its store's stand for those of a person. Amounts of different currencies do not add up:
--             own_revenue is revenue in the brand's currency, 0 in others. channel and is_touch are those of the view
--             touchpoint. An event_id is unique within its namespace.
-- Example:    SELECT toStartOfWeek(occurred_at) AS week, currency, count(), sum(revenue) FROM sale GROUP BY week, currency
--             ORDER BY week

CREATE OR REPLACE VIEW footpath.sale AS
SELECT
    substring(sold.event_id, position(sold.event_id, '/') + 1) AS event_id,
    substring(sold.event_id, 1, greatest(position(sold.event_id, '/'), 1) - 1) AS namespace,
    person_id,
    sold.occurred_at AS occurred_at,
    sold.amount AS amount,
    revenue,
    own_revenue,
    sold.currency AS currency,
    class.channel AS channel,
    class.is_touch AS is_touch,
    sold._key AS _key
FROM
(
    SELECT
        person_id,
        sold,
        revenue,
        own_revenue
    FROM footpath.person_history(
        by = 'channel', wanted = 1, touches = 0, buyers_only = 0,
        lookback_days = 0, since = '1970-01-01', until = '2299-12-31'
    )
    ARRAY JOIN
        sold,
        revenues AS revenue,
        own_revenues AS own_revenue
) AS person
LEFT ANY JOIN footpath.live_class AS class ON class.class = person.sold.class
