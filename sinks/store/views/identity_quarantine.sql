-- Grain:      one person that would have more identifiers than a person may have
-- Sources:    identity_edge
-- Definition: edges that were refused because the person would become too large (reason person_size) wait for an operator,
--             who links or unlinks them. identifiers are those that the person has; refused are the edges that wait, each
--             as identifier, other_identifier and the event that presented them first.
-- Example:    SELECT person_id, length(identifiers), refused FROM identity_quarantine

CREATE OR REPLACE VIEW footpath.identity_quarantine AS
SELECT
    person_id,
    arraySort(groupUniqArrayArray(
        if(verdict = 'linked', [identifier, other_identifier], if(reason = 'person_size', [identifier], []))
    )) AS identifiers,
    arraySort(groupArrayIf(
        CAST(
            (identifier, other_identifier, first_source_event_id),
            'Tuple(identifier String, other_identifier String, first_source_event_id String)'
        ),
        verdict = 'refused' AND reason = 'person_size'
    )) AS refused,
    minIf(occurred_at, verdict = 'refused' AND reason = 'person_size') AS since
FROM footpath.identity_edge
GROUP BY person_id
HAVING notEmpty(refused)
