-- Grain:      one path: the touches of a person after one conversion up to the next, or up to now
-- Sources:    journey
-- Definition: converted paths end with a sale (conversion_event_id, revenue net of returns) at ended_at, the others with
--             their last touch. channels are in the order of time, repeats kept; touched_at are their times. A sale that
--             names a channel is the last touch of its own path. No look-back: attribution applies its own.
-- Example:    SELECT arrayStringConcat(channels, ' > ') AS way, count() FROM path WHERE converted GROUP BY way ORDER BY 2 DESC

CREATE OR REPLACE VIEW footpath.path AS
SELECT
    person_id,
    converted,
    conversion_event_id,
    ended_at,
    revenue,
    touches.channel AS channels,
    touches.occurred_at AS touched_at
FROM footpath.journey(buyers_only = 0)
