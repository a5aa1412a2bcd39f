-- Grain:     one merge as it arrives
-- Source:    table identity_changed
-- Dedup key: none of its own; a replayed merge gives the same row of identity_override again
-- Retention: keeps nothing

CREATE MATERIALIZED VIEW IF NOT EXISTS footpath.identity_override_feed
TO footpath.identity_override
AS
SELECT
    person_id,
    into_person_id,
    occurred_at,
    bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition)) AS version
FROM footpath.identity_changed
WHERE change = 'merged';
