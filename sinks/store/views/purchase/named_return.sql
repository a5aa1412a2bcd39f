-- Grain:      one return that names a sale
-- Sources:    touch
-- Definition: of several records of one return the one written first counts, also when that one is no return. The sale
--             need not exist. wanted = 0 reads nothing.
-- Example:    SELECT related_event_id, currency, amount FROM named_return(wanted = 1)

CREATE OR REPLACE VIEW footpath.named_return AS
SELECT
    _key,
    event_id,
    occurred_at,
    related_event_id,
    currency,
    amount
FROM
(
    SELECT
        _key,
        type,
        event_id,
        occurred_at,
        related_event_id,
        currency,
        amount
    FROM footpath.touch
    -- By a hash of the id: the primary index of touch does not start with it.
    WHERE {wanted:UInt8} AND cityHash64(_key) IN (
        SELECT cityHash64(_key)
        FROM footpath.touch
        WHERE {wanted:UInt8} AND is_money AND type = 'return' AND related_event_id != ''
    )
    ORDER BY _version DESC
    LIMIT 1 BY _key
)
WHERE type = 'return' AND related_event_id != ''
