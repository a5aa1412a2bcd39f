-- Grain:      one path: the touches of a person after one conversion up to the next, or up to now
-- Sources:    journey, sale, touch_label
-- Definition: converted paths end with a sale (conversion_event_id, revenue net of returns) at ended_at, the others
--             with their last touch. channels are in the order of time, repeats kept; touched_at are their times. A
--             sale that names a channel is the last touch of its own path. No look-back: attribution applies its own.
-- Example:    SELECT arrayStringConcat(channels, ' > ') AS way, count() FROM path WHERE converted GROUP BY way ORDER BY
--             2 DESC

CREATE OR REPLACE VIEW footpath.path AS
WITH
    -- A first pair that no touch has: transform takes no empty lists.
    (
        SELECT (arrayConcat([toUInt64(0)], groupArray(label)), arrayConcat([''], groupArray(value)))
        FROM footpath.touch_label(by = 'channel')
    ) AS naming
SELECT
    journey.person_id AS person_id,
    journey.converted AS converted,
    sale.event_id AS conversion_event_id,
    journey.ended_at AS ended_at,
    journey.revenue AS revenue,
    arrayMap(label -> transform(label, naming.1, naming.2, ''), journey.labels) AS channels,
    journey.touched_at AS touched_at
FROM footpath.journey(
    by = 'channel', wanted = 1, buyers_only = 0, lookback_days = 150000, since = '1900-01-01', until = '2299-12-31'
) AS journey
LEFT JOIN footpath.sale AS sale ON sale._key = journey._key
