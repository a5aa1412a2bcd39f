-- Grain:      one sale
-- Sources:    sale, touchpoint_identified
-- Definition: the sale with its products, as purchase defines them, in one list: sku, sold_quantity, sold_amount,
--             quantity, amount. rest is what of revenue is beside the products (the row of purchase with an empty sku).
-- Example:    SELECT event_id, revenue, length(products) FROM sale_products ORDER BY occurred_at DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.sale_products AS
-- First what a sale's own returns have left of its products, all in the row of the event; then, beside view sale, what
-- else went back. The join between the two keeps what ClickHouse explains of a plan short. Most sales are plain: each
-- line is a product, nothing of it came back and nothing is beside them. Their lines are the products, and are copied
-- once, at the end; a list in each if before is empty for them.
SELECT
    event_id,
    namespace,
    occurred_at,
    person_id,
    store,
    currency,
    channel,
    toDecimal128(left_of_sale, 6) AS revenue,
    toDecimal64(if(is_plain, 0, left_of_sale - arraySum(products_alone.5)), 6) AS rest,
    if(
        is_plain,
        arrayMap(one -> (one.1, one.2, one.3, one.2, one.3), lines),
        if(
            rest != 0 OR beside != 0 OR empty(products_alone),
            arrayPushBack(products_alone, ('', toDecimal64(0, 6), beside, toDecimal64(0, 6), rest)),
            products_alone
        )
    ) AS products
FROM
(
    WITH
        -- In millionths, so that the parts of a sum are exact.
        arrayMap(one -> reinterpret(one.5, 'Int64'), if(is_reduced, netted, [])) AS left,
        reinterpret(due, 'Int64') AS to_divide
    SELECT
        * EXCEPT (netted, due, net, is_reduced),
        if(
            is_reduced,
            arrayMap(
                (one, part) -> (
                    one.1, one.2, one.3,
                    toDecimal64(toFloat64(one.4) * (toFloat64(due) / toFloat64(net)), 6),
                    reinterpret(part, 'Decimal(18, 6)')
                ),
                if(is_reduced, netted, []),
                arrayDifference(
                    arrayMap(
                        level -> toInt64(intDiv(toInt256(level) * to_divide, greatest(arraySum(left), 1))),
                        arrayCumSum(left)
                    )
                )
            ),
            netted
        ) AS products_alone
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
            toDecimal64(sale.revenue, 6) AS left_of_sale,
            event.lines AS lines,
            -- Taxes, tips, rounding.
            toDecimal64(toDecimal64(sale.amount, 6) - event.sold, 6) AS beside,
            event.net AS net,
            event.is_simple AND beside = 0 AND left_of_sale = net AND notEmpty(lines) AS is_plain,
            if(
                event.is_simple,
                arrayMap(one -> (one.1, one.2, one.3, one.2, one.3), if(is_plain, [], lines)),
                event.summed
            ) AS netted,
            -- What of the revenue the products can account for.
            if(left_of_sale = 0, toDecimal64(0, 6), toDecimal64(greatest(left_of_sale - beside, 0), 6)) AS due,
            NOT is_plain AND net > due AND net > 0 AS is_reduced
        FROM
        (
            SELECT
                _key,
                lines,
                is_simple,
                summed,
                toDecimal64(if(is_simple, arraySum(lines.amount), arraySum(summed.3)), 6) AS sold,
                toDecimal64(if(is_simple, arraySum(lines.amount), arraySum(summed.5)), 6) AS net
            FROM
            (
                WITH
                    if(is_simple, [], lines) AS sold_lines,
                    -- By product. sumMap leaves out what is zero in everything, hence the ones at its end.
                    arrayReduce(
                        'sumMap',
                        [arrayConcat(sold_lines.sku, returned.sku)],
                        [arrayConcat(sold_lines.quantity, arrayMap(one -> toDecimal64(0, 6), returned))],
                        [arrayConcat(sold_lines.amount, arrayMap(one -> toDecimal64(0, 6), returned))],
                        [arrayConcat(arrayMap(one -> toDecimal64(0, 6), sold_lines), returned.quantity)],
                        [arrayConcat(arrayMap(one -> toDecimal64(0, 6), sold_lines), returned.amount)],
                        [arrayConcat(arrayMap(one -> 1, sold_lines), arrayMap(one -> 0, returned))]
                    ) AS by_product
                SELECT
                    _key,
                    lines,
                    is_simple,
                    if(
                        is_simple,
                        [],
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
                                by_product.1, by_product.2, by_product.3, by_product.4, by_product.5
                            ),
                            by_product.6
                        )
                    ) AS summed
                FROM
                (
                    SELECT
                        sale._key AS _key,
                        sale.lines AS lines,
                        back.lines AS returned,
                        -- No return names a product of it, and no product has two lines: the lines are the products.
                        empty(returned)
                            AND NOT has(lines.sku, '')
                            AND arrayUniq(lines.sku) = length(lines) AS is_simple
                    FROM
                    (
                        SELECT event_id, namespace, _key, lines
                        FROM footpath.touchpoint_identified FINAL
                        WHERE type = 'sale'
                    ) AS sale
                    LEFT JOIN
                    (
                        SELECT related_event_id, related_namespace, groupArrayArray(event.lines) AS lines
                        FROM footpath.touchpoint_identified AS event FINAL
                        WHERE type = 'return' AND related_event_id != '' AND notEmpty(event.lines)
                        GROUP BY related_event_id, related_namespace
                    ) AS back ON back.related_event_id = sale.event_id AND back.related_namespace = sale.namespace
                )
            )
        ) AS event
        INNER JOIN footpath.sale AS sale ON sale._key = event._key
    )
)
