-- Grain:      one person that was merged when identity still told single steps
-- Sources:    identity_override
-- Definition: the steps A → B → C are followed by doubling: each round replaces where a person went by where that one
--             went, so a chain of a thousand merges needs ten rounds. Rounds end when no one moves any more, or
--             after 20 (a chain of a million steps; a circle, which identity never published).
-- Example:    SELECT count() FROM earlier_merge

CREATE OR REPLACE VIEW footpath.earlier_merge AS
WITH RECURSIVE step AS
(
    SELECT
        own_person_id AS person_id,
        current_person_id AS into_person_id,
        toUInt8(1) AS moved,
        toUInt8(0) AS round
    FROM footpath.identity_override FINAL
    WHERE version = 0

    UNION ALL

    SELECT
        here.person_id AS person_id,
        if(further.moved = 1, further.into_person_id, here.into_person_id) AS into_person_id,
        toUInt8(max(further.moved) OVER ()) AS moved,
        toUInt8(here.round + 1) AS round
    FROM step AS here
    LEFT JOIN step AS further ON further.person_id = here.into_person_id
    WHERE here.moved = 1 AND here.round < 20
)
SELECT
    person_id,
    argMax(into_person_id, round) AS into_person_id
FROM step
GROUP BY person_id
