-- Grain:      one sale
-- Sources:    touchpoint
-- Definition: revenue is the amount net of returns. A return that names its sale (related_event_id) takes from that sale,
--             whoever brings the goods back. One that names none takes from its person's latest earlier sale that has
--             something left, then from the one before. No sale goes below zero: what is returned beyond it is ignored.
--             A sale that was returned as a whole stays a sale, with revenue 0. Amounts are added as they are: a brand
--             sells in one currency.
-- Example:    SELECT toStartOfWeek(occurred_at) AS week, count(), sum(revenue) FROM sale GROUP BY week ORDER BY week

CREATE OR REPLACE VIEW footpath.sale AS
WITH
    -- What the person has bought and not returned after each entry; never below zero.
    arrayCumSumNonNegative(entries.flow) AS levels,
    -- Of a sale stays what later entries never fall below.
    arrayMap(
        i -> greatest(arrayMin(arraySlice(levels, i)) - if(i = 1, 0, levels[i - 1]), 0),
        arrayEnumerate(entries)
    ) AS kept
SELECT
    entry.event_id AS event_id,
    person_id,
    entry.occurred_at AS occurred_at,
    entry.amount AS amount,
    toDecimal64(revenue_kept, 6) AS revenue,
    entry.currency AS currency,
    entry.channel AS channel,
    entry.is_touch AS is_touch,
    entry.key AS _key
FROM
(
    SELECT
        person_id,
        arraySort(groupArray(CAST(
            (occurred_at, key, event_id, is_sale, amount, flow, currency, channel, is_touch),
            'Tuple(
                occurred_at DateTime64(6, \'UTC\'), key UInt128, event_id String, is_sale Bool, amount Decimal(18, 6),
                flow Decimal(18, 6), currency String, channel String, is_touch Bool)'
        ))) AS entries
    FROM
    (
        -- One group is a sale with the returns that name it, or a return that names none.
        SELECT
            if(type = 'return' AND related_event_id != '', related_event_id, event_id) AS event_id,
            countIf(type = 'sale') > 0 AS is_sale,
            if(is_sale, anyIf(person_id, type = 'sale'), any(person_id)) AS person_id,
            if(is_sale, anyIf(occurred_at, type = 'sale'), any(occurred_at)) AS occurred_at,
            if(is_sale, anyIf(_key, type = 'sale'), any(_key)) AS key,
            anyIf(currency, type = 'sale') AS currency,
            anyIf(channel, type = 'sale') AS channel,
            anyIf(is_touch, type = 'sale') AS is_touch,
            sumIf(revenue, type = 'sale') AS amount,
            if(is_sale, greatest(sum(revenue), 0), sum(revenue)) AS flow
        FROM footpath.touchpoint
        WHERE type IN ('sale', 'return')
        GROUP BY event_id
        HAVING is_sale OR any(related_event_id) = ''
    )
    GROUP BY person_id
)
ARRAY JOIN
    entries AS entry,
    if(arrayExists(one -> one.flow < 0, entries), kept, entries.flow) AS revenue_kept
WHERE entry.is_sale
