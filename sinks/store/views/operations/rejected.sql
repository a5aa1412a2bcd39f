-- Grain:      one reason for which one stage rejected events of one topic
-- Sources:    event_rejected, event_replayed
-- Definition: counts every rejected event once, with the latest as an example. replayed are those that `footpath replay
--             rejected` has brought to their destination, replaced those that were rejected again, so that a later
--             reject of the same event took their place; waiting is the rest.
-- Example:    SELECT * FROM rejected ORDER BY waiting DESC

CREATE OR REPLACE VIEW footpath.rejected AS
SELECT
    stage,
    reason,
    topic,
    count() AS events,
    countIf(event_id IN (SELECT reject_event_id FROM footpath.event_replayed WHERE outcome != 'refused')) AS replayed,
    countIf(event_id IN (SELECT reject_event_id FROM footpath.event_replayed WHERE outcome = 'refused')) AS replaced,
    countIf(event_id NOT IN (SELECT reject_event_id FROM footpath.event_replayed)) AS waiting,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    argMax(event_id, occurred_at) AS example_event_id,
    argMax(detail, occurred_at) AS example_detail
FROM footpath.event_rejected FINAL
GROUP BY stage, reason, topic
