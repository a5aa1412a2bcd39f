-- Grain:      one product of one sale, lines of the same product taken together; one row with an empty sku for a sale
--             without lines
-- Sources:    touchpoint, sale, live_product
-- Definition: sold_quantity and sold_amount are what the sale says; quantity and amount are what is left after the returns
--             that name the sale (related_event_id) and the product in their lines, never below zero. For a sale without
--             lines amount is what the view sale leaves of it, and quantities are 0. A return that names no sale, or no
--             product, belongs to no row here. sale_revenue is the whole sale net of every return, as the view sale has
--             it: sum that, once a sale, for revenue.
-- Example:    SELECT sku, sum(quantity), sum(amount) FROM purchase GROUP BY sku ORDER BY 3 DESC

CREATE OR REPLACE VIEW footpath.purchase AS
SELECT
    sale.event_id AS event_id,
    line.sku AS sku,
    product.category AS category,
    sale.occurred_at AS occurred_at,
    sale.person_id AS person_id,
    line.store AS store,
    line.sold_quantity AS sold_quantity,
    if(line.sku = '', sale.amount, line.sold_amount) AS sold_amount,
    greatest(line.sold_quantity - line.returned_quantity, 0) AS quantity,
    if(line.sku = '', sale.revenue, greatest(line.sold_amount - line.returned_amount, 0)) AS amount,
    sale.currency AS currency,
    sale.channel AS channel,
    sale.revenue AS sale_revenue
FROM footpath.sale AS sale
INNER JOIN
(
    SELECT
        if(type = 'sale', event_id, related_event_id) AS event_id,
        line.sku AS sku,
        anyIf(store, type = 'sale') AS store,
        sumIf(line.quantity, type = 'sale') AS sold_quantity,
        sumIf(line.amount, type = 'sale') AS sold_amount,
        sumIf(line.quantity, type = 'return') AS returned_quantity,
        sumIf(line.amount, type = 'return') AS returned_amount
    FROM footpath.touchpoint
    ARRAY JOIN if(
        empty(lines) AND type = 'sale',
        CAST([('', 0, 0)], 'Array(Tuple(sku String, quantity Int64, amount Decimal(18, 6)))'),
        lines
    ) AS line
    WHERE type = 'sale' OR (type = 'return' AND related_event_id != '')
    GROUP BY event_id, sku
    HAVING countIf(type = 'sale') > 0
) AS line ON line.event_id = sale.event_id
LEFT JOIN footpath.live_product AS product ON product.sku = line.sku
