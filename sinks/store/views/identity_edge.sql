-- Grain:      one edge: two identifiers that an event, or an operator, presented together
-- Sources:    identity_changed, person_now
-- Definition: verdict is what holds now: linked (they are one person's), refused (a guard keeps them apart; reason says
--             which) or unlinked (an operator does). person_id is the person that identifier belongs to now, also of
--             other_identifier when linked. first_source_event_id is the earliest event that was told of the edge,
--             occurred_at when it happened; decided_by_event_id is the one that gave the verdict.
-- Example:    SELECT identifier, other_identifier, reason FROM identity_edge WHERE verdict = 'refused'

CREATE OR REPLACE VIEW footpath.identity_edge AS
WITH
    lower(hex(SHA1(concat(unhex('5F0C6A3E2D4B5C0F9A550F00779A7B1D'), 'person\x1F', edge.identifier)))) AS digits,
    -- schemas/ids.py: what an identifier is on its own is a version 5 UUID made of its text.
    toUUID(concat(
        substring(digits, 1, 8), '-', substring(digits, 9, 4), '-5', substring(digits, 14, 3), '-',
        ['8', '9', 'a', 'b'][bitShiftRight(bitAnd(reinterpretAsUInt8(unhex(substring(digits, 17, 2))), 63), 4) + 1],
        substring(digits, 18, 3), '-', substring(digits, 21, 12)
    )) AS own_person_id
SELECT
    edge.identifier AS identifier,
    edge.other_identifier AS other_identifier,
    edge.last.1 AS verdict,
    edge.last.2 AS reason,
    coalesce(
        nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')),
        edge.last.3
    ) AS person_id,
    edge.first_source_event_id AS first_source_event_id,
    edge.occurred_at AS occurred_at,
    edge.last.4 AS decided_by_event_id
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
LEFT JOIN footpath.person_now AS now ON now.person_id = own_person_id
