-- Grain:      one own person (what an identifier is on its own) that belongs, or once belonged, to another
-- Sources:    identity_override
-- Definition: one look-up: identity tells the person of now for every own person whose name changed, be it by a merge or
--             by a split. Steps of before it did (version 0, in earlier_merge) are followed to their end, and on from there.
-- Example:    SELECT current_person_id FROM person_now WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10'

CREATE OR REPLACE VIEW footpath.person_now AS
SELECT
    own_person_id AS person_id,
    current_person_id
FROM footpath.identity_override FINAL
WHERE version > 0

UNION ALL

SELECT
    earlier.person_id AS person_id,
    if(later.version > 0, later.current_person_id, earlier.into_person_id) AS current_person_id
FROM footpath.earlier_merge AS earlier
LEFT JOIN footpath.identity_override AS later FINAL ON later.own_person_id = earlier.into_person_id
