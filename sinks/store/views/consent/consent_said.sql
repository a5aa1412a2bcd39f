-- Grain:      one source profile, purpose and channel about which something was said by a time
-- Sources:    consent_changed, person_now
-- Definition: choice is what the latest choice by time says (of two at one moment the withdrawal), or empty when it has
--             expired by then or there is none; gpc_at is the first time at which the browser sent Global Privacy Control
--             where it withdraws the purpose, 1970 for never. person_id is the current person. time is a moment of ISO
--             8601 in UTC.
-- Example:    SELECT * FROM consent_said(time='2026-03-01 18:00:00')

CREATE OR REPLACE VIEW footpath.consent_said AS
SELECT
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), said.source_profile_id) AS person_id,
    said.source_profile_id AS source_profile_id,
    said.purpose AS purpose,
    said.channel AS channel,
    said.latest.2 = toDateTime64(0, 6, 'UTC') OR said.latest.2 > parseDateTime64BestEffort({time:String}, 6, 'UTC') AS counts,
    if(counts, said.latest.1, '') AS choice,
    said.latest.6 AS chosen_at,
    said.first_gpc_at AS gpc_at,
    said.latest.3 AS policy_version,
    said.latest.4 AS source_event_id,
    said.latest.5 AS source_namespace
FROM
(
    SELECT
        source_profile_id,
        purpose,
        channel,
        argMaxIf(
            (after, expires_at, policy_version, source_event_id, source_namespace, occurred_at),
            (occurred_at, after = 'withdrawn', _key),
            kind = 'choice'
        ) AS latest,
        minIf(occurred_at, kind = 'gpc') AS first_gpc_at
    FROM footpath.consent_changed FINAL
    WHERE purpose != '' AND occurred_at <= parseDateTime64BestEffort({time:String}, 6, 'UTC')
    GROUP BY source_profile_id, purpose, channel
) AS said
LEFT JOIN footpath.person_now AS now ON now.person_id = said.source_profile_id
