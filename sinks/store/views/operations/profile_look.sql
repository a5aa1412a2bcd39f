-- Grain:      one API key and day (UTC) on which profiles were asked for with it
-- Sources:    profile_shown
-- Definition: shown, refused (the person does not allow it) and nobody (nothing is known) count answers, people the
--             identifiers that are not erased since; whom exactly a key looked at stands in profile_shown.
-- Example:    SELECT source, sum(shown) FROM profile_look WHERE day >= today() - 7 GROUP BY source

CREATE OR REPLACE VIEW footpath.profile_look AS
SELECT
    source,
    toDate(occurred_at, 'UTC') AS day,
    countIf(outcome = 'shown') AS shown,
    countIf(outcome = 'refused') AS refused,
    countIf(outcome = 'nobody') AS nobody,
    uniqExactIf(identifier, identifier != '') AS people,
    max(occurred_at) AS last_at
FROM footpath.profile_shown FINAL
GROUP BY source, day
