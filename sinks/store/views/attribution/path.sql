-- Grain:      one path: the touches of a person after one conversion up to the next, or up to now
-- Sources:    attribution_path, sale, touch_label
-- Definition: a converted path ends with a sale (conversion_event_id, revenue net of returns) at ended_at, an open one
--             with its last touch. channels are in the order of time, repeats included; touched_at are their times. A
--             sale that names a channel is the last touch of its own path. There is no look-back: attribution applies
--             its own.
-- Example:    SELECT arrayStringConcat(channels, ' > ') AS channel_path, count() FROM path WHERE converted GROUP BY
--             channel_path ORDER BY 2 DESC

CREATE OR REPLACE VIEW footpath.path AS
WITH
    -- The first pair belongs to no touch: transform does not accept empty lists.
    (
        SELECT (arrayConcat([toUInt64(0)], groupArray(label)), arrayConcat([''], groupArray(value)))
        FROM footpath.touch_label(by = 'channel')
    ) AS naming
SELECT
    attribution_path.person_id AS person_id,
    attribution_path.converted AS converted,
    sale.event_id AS conversion_event_id,
    attribution_path.ended_at AS ended_at,
    attribution_path.revenue AS revenue,
    arrayMap(label -> transform(label, naming.1, naming.2, ''), attribution_path.labels) AS channels,
    attribution_path.touched_at AS touched_at
FROM footpath.attribution_path(
    by = 'channel', wanted = 1, buyers_only = 0, lookback_days = 150000, since = '1900-01-01', until = '2299-12-31'
) AS attribution_path
LEFT JOIN footpath.sale AS sale ON sale._key = attribution_path._key
