-- Grain:      one entry of the points ledger
-- Sources:    reward_posted, person_now
-- Definition: person_id is the current person of the source profile that the entry is of: the one that earned the
--             points, whoever brought the goods back that it reverses. is_pending: earned for an event whose points cannot be
--             spent yet.
-- Example:    SELECT kind, sum(points) FROM ledger_entry WHERE occurred_at >= '2026-01-01' GROUP BY kind

CREATE OR REPLACE VIEW footpath.ledger_entry AS
SELECT
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), entry.earner) AS person_id,
    entry.earner AS source_profile_id,
    entry.event_id AS event_id,
    entry.kind AS kind,
    entry.points AS points,
    entry.forgiven AS forgiven,
    entry.rule AS rule,
    entry.rule_version AS rule_version,
    entry.campaign AS campaign,
    entry.lot AS lot,
    entry.active_at AS active_at,
    entry.expires_at AS expires_at,
    entry.is_pending AS is_pending,
    entry.occurred_at AS occurred_at,
    entry.source_namespace AS source_namespace,
    entry.source_event_id AS source_event_id,
    entry.reverses_event_id AS reverses_event_id,
    entry.reason AS reason
FROM
(
    SELECT
        if(source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), posted.person_id, source_profile_id) AS earner,
        event_id,
        kind,
        points,
        forgiven,
        rule,
        rule_version,
        campaign,
        lot,
        active_at,
        expires_at,
        kind IN ('earned', 'reversed') AND active_at > now64(6, 'UTC') AS is_pending,
        occurred_at,
        source_namespace,
        source_event_id,
        reverses_event_id,
        reason
    FROM footpath.reward_posted AS posted FINAL
) AS entry
LEFT JOIN footpath.person_now AS now ON now.person_id = entry.earner
