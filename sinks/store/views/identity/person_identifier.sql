-- Grain:      one identifier of one current person
-- Sources:    touchpoint, identity_edge
-- Definition: the identifiers under which a person was seen or that were linked to it, by type (customer, email, …) with
--             their keyed hash. The store has no raw values. Who may know them and has the identifier key turns the brand's
--             own list of customer numbers into such hashes with `footpath identity pseudonyms` and joins by hash. Grant
--             this view, like the tables with identifiers, only to those.
-- Example:    SELECT type, uniqExact(person_id) AS people, count() AS identifiers FROM person_identifier GROUP BY type

CREATE OR REPLACE VIEW footpath.person_identifier AS
SELECT DISTINCT
    person_id,
    splitByChar(':', identifier)[1] AS type,
    splitByChar(':', identifier)[2] AS hash
FROM
(
    SELECT person_id, primary_identifier AS identifier
    FROM footpath.touchpoint
    WHERE type NOT IN ('identity_linked', 'identity_unlinked')

    UNION ALL

    SELECT person_id, arrayJoin([identifier, other_identifier]) AS identifier
    FROM footpath.identity_edge
    WHERE status = 'linked'
)
WHERE person_id != toUUID('00000000-0000-0000-0000-000000000000') AND hash NOT IN ('', 'blocked')
