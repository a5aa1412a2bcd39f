-- Grain:      one group of people that matches connect: one or more current people who are probably the same
-- Sources:    touchpoint, likely_now
-- Definition: as view person, over the events of all its people; people is their number. For analysis only: points and
--             consent belong to each person in view person.
-- Example:    SELECT people, count(), sum(revenue) FROM person_likely GROUP BY people ORDER BY people

CREATE OR REPLACE VIEW footpath.person_likely AS
SELECT
    coalesce(
        nullIf(likely.likely_person_id, toUUID('00000000-0000-0000-0000-000000000000')),
        event.person_id
    ) AS likely_person_id,
    uniqExact(event.person_id) AS people,
    min(event.occurred_at) AS first_seen_at,
    max(event.occurred_at) AS last_seen_at,
    count() AS touchpoints,
    countIf(event.is_touch) AS touches,
    countIf(event.type = 'sale') AS sales,
    sum(event.revenue) AS revenue
FROM footpath.touchpoint AS event
LEFT JOIN footpath.likely_now AS likely ON likely.person_id = event.person_id
WHERE event.type NOT IN ('identity_linked', 'identity_unlinked')
GROUP BY likely_person_id
