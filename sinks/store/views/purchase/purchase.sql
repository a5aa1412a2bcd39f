-- Grain:      one product of one sale, lines of the same product summed; and one row with an empty sku for what the lines
--             of a sale do not account for, or for a sale without lines
-- Sources:    touchpoint, sale, live_product
-- Definition: sold_quantity and sold_amount are those of the sale; quantity and amount are what remains after returns, so
--             that the amounts of a sale add up to its revenue in view sale. Returns that name the sale
--             (related_event_id) and products in their lines are taken from those products, never below zero; what else
--             of the sale went back is taken from all its products in proportion, in quantity as in amount. The row
--             with an empty sku has quantities of 0 and what is beside the lines: taxes, tips, rounding. sale_revenue
--             is the revenue of the whole sale.
-- Example:    SELECT sku, currency, sum(quantity), sum(amount) FROM purchase GROUP BY sku, currency ORDER BY 4 DESC

CREATE OR REPLACE VIEW footpath.purchase AS
SELECT
    netted.event_id AS event_id,
    netted.namespace AS namespace,
    line.1 AS sku,
    product.category AS category,
    netted.occurred_at AS occurred_at,
    netted.person_id AS person_id,
    netted.store AS store,
    line.2 AS sold_quantity,
    line.3 AS sold_amount,
    line.4 AS quantity,
    line.5 AS amount,
    netted.currency AS currency,
    netted.channel AS channel,
    netted.sale_revenue AS sale_revenue
FROM
(
    WITH
        -- In millionths, so that the parts of a sum are exact.
        arrayMap(one -> reinterpret(if(one.3 > 0, greatest(one.3 - one.5, 0), one.3), 'Int64'), lines) AS left,
        arraySum(left) AS net,
        toDecimal64(sale.amount - arraySum(one -> one.3, lines), 6) AS beside,
        -- What of the revenue the lines can account for.
        if(sale.revenue = 0, 0, greatest(reinterpret(sale.revenue, 'Int64') - reinterpret(beside, 'Int64'), 0)) AS due,
        net > due AND net > 0 AS reduced,
        if(
            reduced,
            arrayDifference(arrayMap(level -> toInt64(intDiv(toInt256(level) * due, greatest(net, 1))), arrayCumSum(left))),
            left
        ) AS amounts,
        if(reduced, due / greatest(net, 1), 1.) AS share,
        arrayMap(
            (one, amount) -> (
                one.1, one.2, one.3,
                if(
                    reduced,
                    toDecimal64(toFloat64(if(one.2 > 0, greatest(one.2 - one.4, 0), one.2)) * share, 6),
                    toDecimal64(if(one.2 > 0, greatest(one.2 - one.4, 0), one.2), 6)
                ),
                reinterpret(amount, 'Decimal(18, 6)')
            ),
            lines, amounts
        ) AS products,
        toDecimal64(sale.revenue - reinterpret(toInt64(arraySum(amounts)), 'Decimal(18, 6)'), 6) AS rest
    SELECT
        sale.event_id AS event_id,
        sale.namespace AS namespace,
        sale.occurred_at AS occurred_at,
        sale.person_id AS person_id,
        sold.store AS store,
        sale.currency AS currency,
        sale.channel AS channel,
        sale.revenue AS sale_revenue,
        if(
            rest != 0 OR beside != 0 OR empty(lines),
            arrayPushBack(products, ('', toDecimal64(0, 6), beside, toDecimal64(0, 6), rest)),
            products
        ) AS lines_left
    FROM footpath.sale AS sale
    INNER JOIN
    (
        SELECT
            event_id,
            namespace,
            any(store) AS store,
            groupArrayIf((sku, sold_quantity, sold_amount, returned_quantity, returned_amount), sku != '' AND is_sold) AS lines
        FROM
        (
            SELECT
                if(type = 'sale', event_id, related_event_id) AS event_id,
                if(type = 'sale', namespace, related_namespace) AS namespace,
                line.sku AS sku,
                anyIf(touchpoint.store, type = 'sale') AS store,
                countIf(type = 'sale') > 0 AS is_sold,
                toDecimal64(sumIf(line.quantity, type = 'sale'), 6) AS sold_quantity,
                toDecimal64(sumIf(line.amount, type = 'sale'), 6) AS sold_amount,
                toDecimal64(sumIf(line.quantity, type = 'return'), 6) AS returned_quantity,
                toDecimal64(sumIf(line.amount, type = 'return'), 6) AS returned_amount
            FROM footpath.touchpoint AS touchpoint
            ARRAY JOIN if(
                type = 'sale',
                -- A line without a product stands for the sale itself.
                arrayPushBack(
                    lines,
                    CAST(('', 0, 0), 'Tuple(sku String, quantity Decimal(18, 6), amount Decimal(18, 6))')
                ),
                lines
            ) AS line
            WHERE type = 'sale' OR (type = 'return' AND related_event_id != '')
            GROUP BY event_id, namespace, sku
        )
        GROUP BY event_id, namespace
        HAVING countIf(is_sold) > 0
    ) AS sold ON sold.event_id = sale.event_id AND sold.namespace = sale.namespace
) AS netted
ARRAY JOIN netted.lines_left AS line
LEFT JOIN footpath.live_product AS product ON product.sku = line.1
