-- Grain:      one product of one sale, lines of the same product summed; and one row with an empty sku for what the
--             lines of a sale do not account for, or for a sale without lines
-- Sources:    sale_products, live_product
-- Definition: sold_quantity and sold_amount are those of the sale; quantity and amount are what remains after returns,
--             so that the amounts of a sale add up to its revenue in view sale. Returns that name the sale
--             (related_event_id) and products in their lines are taken from those products, never below zero; what else
--             of the sale went back is taken from all its products in proportion, in quantity as in amount. The row
--             with an empty sku has quantities of 0 and what is beside the lines: taxes, tips, rounding. sale_revenue
--             is the revenue of the whole sale.
-- Example:    SELECT sku, currency, sum(quantity), sum(amount) FROM purchase GROUP BY sku, currency ORDER BY 4 DESC

CREATE OR REPLACE VIEW footpath.purchase AS
SELECT
    sold.event_id AS event_id,
    sold.namespace AS namespace,
    line.1 AS sku,
    product.category AS category,
    sold.occurred_at AS occurred_at,
    sold.person_id AS person_id,
    sold.store AS store,
    line.2 AS sold_quantity,
    toDecimal128(line.3, 6) AS sold_amount,
    line.4 AS quantity,
    toDecimal128(line.5, 6) AS amount,
    sold.currency AS currency,
    sold.channel AS channel,
    sold.revenue AS sale_revenue
FROM footpath.sale_products AS sold
ARRAY JOIN sold.products AS line
LEFT ANY JOIN footpath.live_product AS product ON product.sku = line.1
