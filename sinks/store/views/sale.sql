-- Grain:      one sale
-- Sources:    history, live_class
-- Definition: revenue is the amount net of returns. A return that names its sale (related_event_id) takes from that
--             sale, whoever brings the goods back. One that names none takes from its person's latest earlier sale that
--             has something left, then from the one before. No sale goes below zero: what is returned beyond it is
--             ignored. A sale that was returned as a whole stays a sale, with revenue 0. Amounts are added as they are:
--             a brand sells in one currency. channel and is_touch are those of the view touchpoint.
-- Example:    SELECT toStartOfWeek(occurred_at) AS week, count(), sum(revenue) FROM sale GROUP BY week ORDER BY week

CREATE OR REPLACE VIEW footpath.sale AS
SELECT
    sold.event_id AS event_id,
    person_id,
    sold.occurred_at AS occurred_at,
    sold.amount AS amount,
    revenue,
    sold.currency AS currency,
    class.channel AS channel,
    class.is_touch AS is_touch,
    sold._key AS _key
FROM
(
    SELECT
        person_id,
        sold,
        revenue
    FROM footpath.history(
        by = 'channel', wanted = 1, touches = 0, buyers_only = 0,
        lookback_days = 0, since = '1970-01-01', until = '1970-01-01'
    )
    ARRAY JOIN
        sold,
        revenues AS revenue
) AS person
LEFT ANY JOIN footpath.live_class AS class ON class.class = person.sold.class
