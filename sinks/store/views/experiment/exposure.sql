-- Grain:      one variant of an experiment that was shown at one scan
-- Sources:    experiment_exposed, person_now, scan_missed
-- Definition: person_id is the current person, zero for people who do not allow analytics. is_missed is whether the answer
--             came too late, so that the phone got the tag's fallback instead: such an exposure counts for nothing. arms
--             are all variants of the phase, the control first.
-- Example:    SELECT variant, count(), uniqExact(person_id) FROM exposure WHERE experiment = 'shelf-page' GROUP BY variant

CREATE OR REPLACE VIEW footpath.exposure AS
SELECT
    shown.experiment AS experiment,
    shown.phase AS phase,
    shown.variant AS variant,
    shown.why AS why,
    shown.arms AS arms,
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), shown.person_id) AS person_id,
    shown.source_profile_id AS source_profile_id,
    shown.scan_event_id AS scan_event_id,
    shown.scan_namespace AS scan_namespace,
    shown.route AS route,
    shown.tag AS tag,
    shown.store AS store,
    shown.occurred_at AS occurred_at,
    shown.scan_namespace = '' AND shown.scan_event_id IN (SELECT scan_event_id FROM footpath.scan_missed) AS is_missed
FROM footpath.experiment_exposed AS shown FINAL
LEFT JOIN footpath.person_now AS now ON now.person_id = shown.source_profile_id
