-- Grain:      one decision that was made while the brand had a hold-out (about.holdout)
-- Sources:    scan_routed, touchpoint
-- Definition: held_out is whether the person was in the hold-out at that time, and got the tag's fallback;
--             withheld_route is the route that would have won, empty when none applied. person_id is the current
--             person. The decision counts even when it came late and the phone got the fallback anyway: only the random
--             assignment may decide which group a person is in, otherwise the comparison is biased.
-- Example:    SELECT withheld_route, count() FROM holdout WHERE held_out GROUP BY withheld_route

CREATE OR REPLACE VIEW footpath.holdout AS
SELECT
    scan.event_id AS scan_event_id,
    scan.person_id AS person_id,
    scan.occurred_at AS occurred_at,
    decision.held_out AS held_out,
    decision.route AS route,
    decision.withheld_route AS withheld_route
FROM footpath.touchpoint AS scan
INNER JOIN
(
    SELECT
        -- Computed like _key of touchpoint_identified: a number is cheaper to join on than a text.
        if(
            scan_namespace = '',
            ifNull(toUInt128(toUUIDOrNull(scan_event_id)), reinterpretAsUInt128(sipHash128(scan_event_id))),
            reinterpretAsUInt128(sipHash128(concat(scan_namespace, '/', scan_event_id)))
        ) AS key,
        JSONExtractBool(inputs, 'held_out') AS held_out,
        route,
        arrayFirst(candidate -> candidate.lost_because = 'held_out', candidates).route AS withheld_route
    FROM footpath.scan_routed FINAL
    WHERE position(inputs, '"held_out":') > 0
) AS decision ON decision.key = scan._key
WHERE scan.type IN ('scan', 'nfc_tap')
