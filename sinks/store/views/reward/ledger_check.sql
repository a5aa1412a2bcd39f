-- Grain:      one thing in the ledger that cannot be
-- Sources:    ledger_entry, lot
-- Definition: empty while every account conserves: no lot that expires is below zero or gave more than it got; what a
--             redemption spent was given back once at most, and what was earned reversed once; what one lot paid another
--             got, and so with transfers between people; a refused redemption moved nothing.
--             A transfer shows as long as its second half is on its way, within a second or two.
-- Example:    SELECT problem, subject, points FROM ledger_check

CREATE OR REPLACE VIEW footpath.ledger_check AS
SELECT 'lot below zero' AS problem, concat(toString(source_profile_id), ' ', lot) AS subject, left_points AS points
FROM footpath.lot
WHERE left_points < 0 AND lot != ''
UNION ALL
SELECT 'lot gave more than it got', concat(toString(source_profile_id), ' ', lot), spent_points + expired - earned - adjusted - transferred - repaid
FROM footpath.lot
WHERE lot != '' AND spent_points + expired > earned + adjusted + transferred + greatest(0, reversed) + greatest(0, repaid)
UNION ALL
SELECT 'given back more than was spent', if(kind = 'spent', event_id, reverses_event_id) AS redemption, sum(points)
FROM footpath.ledger_entry
WHERE kind IN ('spent', 'returned')
GROUP BY redemption
HAVING sum(points) > 0
UNION ALL
SELECT 'reversed more than was earned', if(kind = 'earned', event_id, reverses_event_id) AS earned_id, sum(points)
FROM footpath.ledger_entry
WHERE kind IN ('earned', 'reversed')
GROUP BY earned_id
HAVING sum(points) < 0 AND maxIf(points, kind = 'earned') > 0
UNION ALL
SELECT 'payment without its other half', '', sum(points)
FROM footpath.ledger_entry
WHERE kind = 'repaid'
HAVING sum(points) != 0
UNION ALL
SELECT 'transfer without its other half', concat(source_namespace, '/', source_event_id), sum(points)
FROM footpath.ledger_entry
WHERE kind = 'transferred'
GROUP BY source_namespace, source_event_id
HAVING sum(points) != 0
UNION ALL
SELECT 'refused and moved', concat(source_namespace, '/', source_event_id), points
FROM footpath.ledger_entry
WHERE kind = 'refused' AND points != 0
