-- Grain:      one sale that returns name
-- Sources:    touch
-- Definition: amount is the sum of what they bring back of it. Of several records of one return the first written
--             counts, which may be no return. Nothing is read with wanted = 0.
-- Example:    SELECT related_event_id, amount FROM named_return(wanted = 1)

CREATE OR REPLACE VIEW footpath.named_return AS
SELECT
    related_event_id,
    sum(amount) AS amount
FROM
(
    SELECT
        type,
        related_event_id,
        amount
    FROM footpath.touch
    -- Ids by a hash, for the table's index is of no help.
    WHERE {wanted:UInt8} AND cityHash64(_key) IN (
        SELECT cityHash64(_key)
        FROM footpath.touch
        WHERE {wanted:UInt8} AND is_money AND type = 'return' AND related_event_id != ''
    )
    ORDER BY _version DESC
    LIMIT 1 BY _key
)
WHERE type = 'return' AND related_event_id != ''
GROUP BY related_event_id
