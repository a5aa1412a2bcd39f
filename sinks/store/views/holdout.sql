-- Grain:      one answer that was decided while the brand had a hold-out (about.holdout)
-- Sources:    scan_routed, touchpoint
-- Definition: held_out says whether the person was in the hold-out then, and got the tag's fallback; withheld_route is the
--             route that would have answered, empty when none applied. person_id is the person of now. What counts is what
--             was decided, also when the answer came late and the phone had the fallback anyway: chance put people in the
--             hold-out, and only who was put there may decide whom a comparison is made of.
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
        -- As touchpoint_identified makes it of its event_id: a number takes less to look up.
        ifNull(toUInt128(toUUIDOrNull(scan_event_id)), reinterpretAsUInt128(sipHash128(scan_event_id))) AS key,
        JSONExtractBool(inputs, 'held_out') AS held_out,
        route,
        arrayFirst(candidate -> candidate.lost_because = 'held_out', candidates).route AS withheld_route
    FROM footpath.scan_routed FINAL
    WHERE position(inputs, '"held_out":') > 0
) AS decision ON decision.key = scan._key
WHERE scan.type IN ('scan', 'nfc_tap')
