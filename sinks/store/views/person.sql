-- Grain:      one person of today who was met at least once
-- Sources:    touchpoint
-- Definition: everything that was known under earlier ids counts for the person of now. revenue is net of returns. An
--             operator's word on who is who (identity_linked, identity_unlinked) is nothing that a person did.
-- Example:    SELECT * FROM person ORDER BY revenue DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.person AS
SELECT
    person_id,
    min(occurred_at) AS first_seen_at,
    max(occurred_at) AS last_seen_at,
    count() AS touchpoints,
    countIf(is_touch) AS touches,
    countIf(type = 'sale') AS sales,
    sum(revenue) AS revenue
FROM footpath.touchpoint
WHERE type NOT IN ('identity_linked', 'identity_unlinked')
GROUP BY person_id
