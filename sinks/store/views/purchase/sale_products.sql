-- Grain:      one sale
-- Sources:    sale, touchpoint_identified
-- Definition: the sale with its products, as purchase defines them, in one list: sku, sold_quantity, sold_amount, quantity,
--             amount. rest is what of revenue is beside the products (the row of purchase with an empty sku).
-- Example:    SELECT event_id, revenue, length(products) FROM sale_products ORDER BY occurred_at DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.sale_products AS
-- In steps, each a query of its own: ClickHouse writes an alias out wherever it is used, again and again inside others.
-- Amounts are computed in millionths, so that the parts of a sum are exact.
SELECT
    event_id,
    namespace,
    occurred_at,
    person_id,
    store,
    currency,
    channel,
    toDecimal128(left_of_sale, 6) AS revenue,
    toDecimal64(left_of_sale - arraySum(products_alone.5), 6) AS rest,
    if(
        rest != 0 OR beside != 0 OR empty(products_alone),
        arrayPushBack(products_alone, ('', toDecimal64(0, 6), beside, toDecimal64(0, 6), rest)),
        products_alone
    ) AS products
FROM
(
    SELECT
        * EXCEPT (lines, mixed, parts),
        if(
            is_plain,
            arrayMap(one -> (one.1, one.2, one.3, one.2, one.3), lines),
            arrayMap(
                (one, part) -> (
                    one.1, one.2, one.3,
                    if(reduced, toDecimal64(toFloat64(one.4) * (due / greatest(net, 1)), 6), one.4),
                    reinterpret(part, 'Decimal(18, 6)')
                ),
                mixed, parts
            )
        ) AS products_alone
    FROM
    (
        SELECT
            * EXCEPT (left),
            if(
                reduced,
                arrayDifference(arrayMap(level -> toInt64(intDiv(toInt256(level) * due, greatest(net, 1))), arrayCumSum(left))),
                left
            ) AS parts
        FROM
        (
            SELECT
                *,
                -- What of the revenue the lines can account for.
                if(left_of_sale = 0, 0, greatest(reinterpret(left_of_sale, 'Int64') - reinterpret(beside, 'Int64'), 0)) AS due,
                net > due AND net > 0 AS reduced
            FROM
            (
                SELECT
                    *,
                    arrayMap(one -> reinterpret(one.5, 'Int64'), mixed) AS left,
                    arraySum(left) AS net,
                    toDecimal64(amount - if(is_plain, lines_amount, arraySum(mixed.3)), 6) AS beside
                FROM
                (
                    SELECT
                        * EXCEPT (summed),
                        -- Product, what was sold of it, and what of that its own returns have left.
                        arrayFilter(
                            (one, times) -> times > 0 AND one.1 != '',
                            arrayMap(
                                (sku, sold, paid, back, repaid) -> (
                                    sku,
                                    toDecimal64(sold, 6),
                                    toDecimal64(paid, 6),
                                    toDecimal64(if(sold > 0, greatest(sold - back, 0), sold), 6),
                                    toDecimal64(if(paid > 0, greatest(paid - repaid, 0), paid), 6)
                                ),
                                summed.1, summed.2, summed.3, summed.4, summed.5
                            ),
                            summed.6
                        ) AS mixed
                    FROM
                    (
                        SELECT
                            * EXCEPT (returned),
                            if(is_plain, [], lines) AS sold_lines,
                            if(is_plain, [], returned) AS returned_lines,
                            -- By product. sumMap leaves out what is zero in everything, hence the ones at its end.
                            arrayReduce(
                                'sumMap',
                                [arrayConcat(sold_lines.sku, returned_lines.sku)],
                                [arrayConcat(sold_lines.quantity, arrayMap(one -> toDecimal64(0, 6), returned_lines))],
                                [arrayConcat(sold_lines.amount, arrayMap(one -> toDecimal64(0, 6), returned_lines))],
                                [arrayConcat(arrayMap(one -> toDecimal64(0, 6), sold_lines), returned_lines.quantity)],
                                [arrayConcat(arrayMap(one -> toDecimal64(0, 6), sold_lines), returned_lines.amount)],
                                [arrayConcat(arrayMap(one -> 1, sold_lines), arrayMap(one -> 0, returned_lines))]
                            ) AS summed
                        FROM
                        (
                            SELECT
                                sale.event_id AS event_id,
                                sale.namespace AS namespace,
                                sale.occurred_at AS occurred_at,
                                sale.person_id AS person_id,
                                sale.store AS store,
                                sale.currency AS currency,
                                sale.channel AS channel,
                                toDecimal64(sale.amount, 6) AS amount,
                                toDecimal64(sale.revenue, 6) AS left_of_sale,
                                event.lines AS lines,
                                back.lines AS returned,
                                toDecimal64(arraySum(lines.amount), 6) AS lines_amount,
                                -- Nothing of it went back and no product has two lines: the lines are the products.
                                left_of_sale = amount
                                    AND empty(returned)
                                    AND (left_of_sale != 0 OR lines_amount <= 0)
                                    AND NOT has(lines.sku, '')
                                    AND arrayUniq(lines.sku) = length(lines) AS is_plain
                            FROM
                            (
                                SELECT _key, lines
                                FROM footpath.touchpoint_identified FINAL
                                WHERE type = 'sale'
                            ) AS event
                            INNER JOIN footpath.sale AS sale ON sale._key = event._key
                            LEFT JOIN
                            (
                                SELECT related_event_id, related_namespace, groupArrayArray(event.lines) AS lines
                                FROM footpath.touchpoint_identified AS event FINAL
                                WHERE type = 'return' AND related_event_id != '' AND notEmpty(event.lines)
                                GROUP BY related_event_id, related_namespace
                            ) AS back ON back.related_event_id = sale.event_id AND back.related_namespace = sale.namespace
                        )
                    )
                )
            )
        )
    )
)
