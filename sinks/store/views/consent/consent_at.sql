-- Grain:      one current person, purpose and channel about which somebody of them said something by a time
-- Sources:    consent_said
-- Definition: who might what then, by what was said: a withdrawal of any source profile of the person counts more than a
--             grant of another; a grant counts more than Global Privacy Control if it is not older than that (then it is
--             conflicting). said is granted, withdrawn, gpc, or empty where what was said has expired: then, and for
--             people who are not here, the brand's default counts (`footpath brand check` says it). allowed is whether
--             said is granted. since is the time of what decided. time is a moment of ISO 8601 in UTC.
-- Example:    SELECT count() FROM consent_at(time='2026-03-01 18:00:00') WHERE purpose = 'marketing' AND allowed

CREATE OR REPLACE VIEW footpath.consent_at AS
SELECT
    person_id,
    purpose,
    channel,
    said = 'granted' AS allowed,
    multiIf(
        withdrawn.1 != '', 'withdrawn',
        gpc AND granted.2 < first_gpc_at, 'gpc',
        granted.1 != '', 'granted',
        ''
    ) AS said,
    multiIf(said = 'withdrawn', withdrawn.2, said = 'granted', granted.2, first_gpc_at) AS since,
    allowed AND gpc AS conflicting,
    multiIf(said = 'withdrawn', withdrawn.3, said = 'granted', granted.3, '') AS policy_version,
    multiIf(said = 'withdrawn', withdrawn.4, said = 'granted', granted.4, '') AS source_event_id,
    multiIf(said = 'withdrawn', withdrawn.5, said = 'granted', granted.5, '') AS source_namespace
FROM
(
    SELECT
        person_id,
        purpose,
        channel,
        argMaxIf(
            (choice, chosen_at, policy_version, source_event_id, source_namespace),
            (chosen_at, source_profile_id),
            choice = 'withdrawn'
        ) AS withdrawn,
        argMaxIf(
            (choice, chosen_at, policy_version, source_event_id, source_namespace),
            (chosen_at, source_profile_id),
            choice = 'granted'
        ) AS granted,
        minIf(gpc_at, gpc_at != toDateTime64(0, 6, 'UTC')) AS first_gpc_at,
        first_gpc_at != toDateTime64(0, 6, 'UTC') AS gpc
    FROM footpath.consent_said(time = {time:String})
    GROUP BY person_id, purpose, channel
)
