-- Grain:      one current person with a match
-- Sources:    likely_link
-- Definition: likely_person_id is the smallest id among all people that matches reach in up to ten steps, itself
--             included.
-- Example:    SELECT likely_person_id, count() FROM likely_now GROUP BY likely_person_id

CREATE OR REPLACE VIEW footpath.likely_now AS
WITH RECURSIVE
    side AS
    (
        SELECT
            ends.1 AS person_id,
            ends.2 AS other_person_id
        FROM
        (
            SELECT arrayJoin([
                (link.person_id, link.person_id),
                (link.person_id, link.other_person_id),
                (link.other_person_id, link.person_id),
                (link.other_person_id, link.other_person_id)
            ]) AS ends
            FROM footpath.likely_link AS link
        )
    ),
    step AS
    (
        SELECT
            person_id,
            min(other_person_id) AS likely_person_id,
            toUInt8(1) AS round
        FROM side
        GROUP BY person_id

        UNION ALL

        SELECT
            side.person_id AS person_id,
            min(step.likely_person_id) AS likely_person_id,
            toUInt8(any(step.round) + 1) AS round
        FROM side
        INNER JOIN step ON step.person_id = side.other_person_id
        WHERE step.round < 10
        GROUP BY side.person_id
    )
SELECT
    person_id,
    argMax(likely_person_id, round) AS likely_person_id
FROM step
GROUP BY person_id
