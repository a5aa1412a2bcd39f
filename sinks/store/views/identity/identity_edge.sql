-- Grain:      one edge: two identifiers that an event, or an operator, presented together
-- Sources:    identity_changed, person_now
-- Definition: status is the latest: linked (both belong to one person), refused (a guard keeps them apart; reason names
--             it) or unlinked (by an operator). person_id and other_person_id are the people that identifier and
--             other_identifier belong to now. first_source_event_id is the earliest event that has both identifiers,
--             occurred_at when it happened; decided_by_event_id is the one that gave the status.
-- Example:    SELECT identifier, other_identifier, reason FROM identity_edge WHERE status = 'refused'

CREATE OR REPLACE VIEW footpath.identity_edge AS
WITH
    toUUID('00000000-0000-0000-0000-000000000000') AS nobody,
    -- schemas/ids.py: the id of a source profile is a version 5 UUID of its identifier.
    arrayMap(
        digits -> toUUID(concat(
            substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
            ['8', '9', 'a', 'b'][bitShiftRight(bitAnd(reinterpretAsUInt8(unhex(substring(digits, 17, 2))), 63), 4) + 1],
            substring(digits, 18, 3), '-', substring(digits, 21, 12)
        )),
        arrayMap(
            one -> lower(hex(SHA1(concat(unhex('5F0C6A3E2D4B5C0F9A550F00779A7B1D'), 'person\x1F', one)))),
            [edge.identifier, edge.other_identifier]
        )
    ) AS source_profile_ids
SELECT
    edge.identifier AS identifier,
    edge.other_identifier AS other_identifier,
    edge.last.1 AS status,
    edge.last.2 AS reason,
    coalesce(nullIf(now.current_person_id, nobody), edge.last.3) AS person_id,
    edge.first_source_event_id AS first_source_event_id,
    edge.occurred_at AS occurred_at,
    edge.last.4 AS decided_by_event_id,
    multiIf(
        edge.last.1 = 'linked', person_id,
        other_now.current_person_id != nobody, other_now.current_person_id,
        source_profile_ids[2]
    ) AS other_person_id
FROM
(
    SELECT
        identifier,
        other_identifier,
        argMax((change, reason, person_id, source_event_id), (version, _version)) AS last,
        argMin(source_event_id, (event.occurred_at, version)) AS first_source_event_id,
        min(event.occurred_at) AS occurred_at
    FROM footpath.identity_changed AS event
    WHERE change IN ('linked', 'refused', 'unlinked')
    GROUP BY identifier, other_identifier
) AS edge
LEFT JOIN footpath.person_now AS now ON now.person_id = source_profile_ids[1]
LEFT JOIN footpath.person_now AS other_now ON other_now.person_id = source_profile_ids[2]
