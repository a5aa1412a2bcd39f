-- Grain:      two current people who are probably one
-- Sources:    identity_matched, person_now, identity_edge, consent
-- Definition: the strongest link between any records of the two, with the weight of each trait in bits. Links of
--             oversized blocks do not count, nor those between people that identity has joined since or that an
--             operator unlinked, nor those of whoever does not agree to be recognised now.
-- Example:    SELECT person_id, other_person_id, probability, reasons FROM likely_link ORDER BY bits DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.likely_link AS
WITH
    toUUID('00000000-0000-0000-0000-000000000000') AS nobody,
    coalesce(nullIf(here.current_person_id, nobody), link.person_id) AS one,
    coalesce(nullIf(there.current_person_id, nobody), link.other_person_id) AS other
SELECT
    least(one, other) AS person_id,
    greatest(one, other) AS other_person_id,
    max(link.probability) AS probability,
    max(link.bits) AS bits,
    argMax(link.reasons, link.bits) AS reasons,
    argMax(link.model, link.bits) AS model,
    argMax(link.source_event_id, link.bits) AS source_event_id
FROM footpath.identity_matched AS link FINAL
LEFT JOIN footpath.person_now AS here ON here.person_id = link.person_id
LEFT JOIN footpath.person_now AS there ON there.person_id = link.other_person_id
WHERE link.change = 'matched'
    AND one != other
    AND link.block NOT IN (SELECT block FROM footpath.identity_matched WHERE change = 'oversized')
    AND (least(one, other), greatest(one, other)) NOT IN (
        SELECT least(person_id, other_person_id), greatest(person_id, other_person_id)
        FROM footpath.identity_edge
        WHERE status = 'unlinked'
    )
    AND one NOT IN (SELECT person_id FROM footpath.consent WHERE purpose = 'identity' AND said IN ('withdrawn', 'gpc'))
    AND other NOT IN (SELECT person_id FROM footpath.consent WHERE purpose = 'identity' AND said IN ('withdrawn', 'gpc'))
GROUP BY person_id, other_person_id
