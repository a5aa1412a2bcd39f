-- Grain:      one reason for which one stage rejected events of one topic
-- Sources:    event_rejected
-- Definition: counts every rejected event once, with the latest as an example.
-- Example:    SELECT * FROM rejected ORDER BY events DESC

CREATE OR REPLACE VIEW footpath.rejected AS
SELECT
    stage,
    reason,
    topic,
    count() AS events,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    argMax(event_id, occurred_at) AS example_event_id,
    argMax(detail, occurred_at) AS example_detail
FROM footpath.event_rejected FINAL
GROUP BY stage, reason, topic
