-- Grain:      one return that names a sale and of which something is left over once it is booked on that sale
-- Sources:    named_return, touch
-- Definition: the returns of a sale are booked on it in order of time until nothing is left of it; excess is what is left
--             over of one, all of it where the currencies differ. It counts as a return of the sale's person that names
--             no sale (view sale). source_profile_id, person_id, store and _version are those of the sale. wanted = 0
--             reads nothing.
-- Example:    SELECT related_event_id, excess FROM excess_return(wanted = 1)

CREATE OR REPLACE VIEW footpath.excess_return AS
SELECT
    _key,
    event_id,
    occurred_at,
    related_event_id,
    currency,
    amount,
    source_profile_id,
    person_id,
    store,
    _version,
    if(currency != sale_currency, amount, greatest(so_far - paid, 0) - greatest(so_far - amount - paid, 0)) AS excess
FROM
(
    SELECT
        back._key AS _key,
        back.event_id AS event_id,
        back.occurred_at AS occurred_at,
        back.related_event_id AS related_event_id,
        back.currency AS currency,
        back.amount AS amount,
        sale.source_profile_id AS source_profile_id,
        sale.person_id AS person_id,
        sale.store AS store,
        sale._version AS _version,
        sale.currency AS sale_currency,
        greatest(sale.amount, toDecimal64(0, 6)) AS paid,
        sum(back.amount) OVER (
            PARTITION BY back.related_event_id, back.currency
            ORDER BY back.occurred_at, back.amount, back._key
            ROWS UNBOUNDED PRECEDING
        ) AS so_far
    FROM footpath.named_return(wanted = {wanted:UInt8}) AS back
    INNER JOIN
    (
        SELECT
            type,
            event_id,
            amount,
            currency,
            source_profile_id,
            person_id,
            store,
            _version
        FROM footpath.touch
        WHERE {wanted:UInt8} AND is_money AND cityHash64(event_id) IN (
            SELECT cityHash64(related_event_id)
            FROM footpath.touch
            WHERE {wanted:UInt8} AND is_money AND type = 'return' AND related_event_id != ''
        )
        ORDER BY _version DESC
        LIMIT 1 BY event_id
    ) AS sale ON sale.event_id = back.related_event_id
    WHERE sale.type = 'sale'
)
WHERE excess > 0
