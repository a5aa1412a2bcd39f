-- Grain:      one person with edges that wait for an operator
-- Sources:    identity_edge
-- Definition: an operator may decide edges that were refused because the person would become too large (person_size) or
--             have too many of a type (too_many, except of customer and loyalty numbers, of which one is enough), or
--             because many share one of the identifiers (hub). identifiers are those that the person has; refused are
--             the edges that wait, each as identifier, other_identifier, the event that presented them first, and the
--             reason; affected are the people at their other ends.
-- Example:    SELECT person_id, length(identifiers), refused, affected FROM identity_quarantine

CREATE OR REPLACE VIEW footpath.identity_quarantine AS
WITH
    status = 'refused'
        AND (
            reason IN ('person_size', 'hub')
            OR (startsWith(reason, 'too_many:') AND reason NOT IN ('too_many:customer', 'too_many:loyalty'))
        ) AS waits
SELECT
    person_id,
    arraySort(groupUniqArrayArray(
        if(status = 'linked', [identifier, other_identifier], if(waits, [identifier], []))
    )) AS identifiers,
    arraySort(groupArrayIf(
        CAST(
            (identifier, other_identifier, first_source_event_id, reason),
            'Tuple(identifier String, other_identifier String, first_source_event_id String, reason String)'
        ),
        waits
    )) AS refused,
    minIf(occurred_at, waits) AS since,
    arraySort(groupUniqArrayIf(other_person_id, waits)) AS affected
FROM footpath.identity_edge
GROUP BY person_id
HAVING notEmpty(refused)
