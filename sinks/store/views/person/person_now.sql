-- Grain:      one source profile that belongs, or once belonged, to another person
-- Sources:    identity_override
-- Definition: the current person of every source profile whose person changed, by a merge or by a split. A source
--             profile that is not here belongs to the person of its events.
-- Example:    SELECT current_person_id FROM person_now WHERE person_id = '0b0e6a4c-7d57-5d9a-9a38-6d1b6a1f7a10'

CREATE OR REPLACE VIEW footpath.person_now AS
SELECT
    source_profile_id AS person_id,
    current_person_id
FROM footpath.identity_override FINAL
