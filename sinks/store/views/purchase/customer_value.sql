-- Grain:      one current person with a sale that was not completely returned
-- Sources:    sale_products, live_product, live_brand
-- Definition: recency is last_bought_at; frequency is the number of sales with revenue left; value is the revenue of all,
--             net of returns, in the brand's currency, less what negative receipts paid out; other_value the same in
--             other currencies, by code. categories are those of the remaining products, highest amount first; products
--             that the brand's configuration does not have, or that have no category, are left out.
-- Example:    SELECT * FROM customer_value WHERE last_bought_at > now() - INTERVAL 90 DAY ORDER BY value DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.customer_value AS
SELECT
    person_id,
    minIf(part.first_at, part.sales > 0) AS first_bought_at,
    maxIf(part.last_at, part.sales > 0) AS last_bought_at,
    sum(part.paid_sales) AS frequency,
    sumIf(part.revenue, part.foreign = 0) AS value,
    sumMapIf(map(part.currency, part.revenue), part.foreign != 0 AND part.sales > 0) AS other_value,
    arraySort(
        (category, spent) -> (-spent, category),
        groupArrayIf(named.category, named.category != '' AND part.spent > 0),
        groupArrayIf(part.spent, named.category != '' AND part.spent > 0)
    ) AS categories
FROM
(
    -- The figures of a sale are those of the first of its products, so that they count once. Numbers stand for categories
    -- and for other currencies than the brand's: they are cheaper keys than texts.
    WITH
        (SELECT currency FROM footpath.live_brand) AS own_currency,
        nth = 1 AND sold.revenue != 0 AS is_sale
    SELECT
        person_id,
        product.number AS number,
        if(own_currency IN ('', sold.currency), 0, cityHash64(sold.currency)) AS foreign,
        any(sold.currency) AS currency,
        minIf(sold.occurred_at, is_sale) AS first_at,
        maxIf(sold.occurred_at, is_sale) AS last_at,
        countIf(is_sale) AS sales,
        countIf(is_sale AND sold.revenue > 0) AS paid_sales,
        sumIf(sold.revenue, is_sale) AS revenue,
        sumIf(line.5, line.5 > 0) AS spent
    FROM footpath.sale_products AS sold
    ARRAY JOIN
        sold.products AS line,
        arrayEnumerate(sold.products) AS nth
    LEFT ANY JOIN
    (
        SELECT sku, cityHash64(category) AS number
        FROM footpath.live_product
    ) AS product ON product.sku = line.1
    WHERE person_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY person_id, number, foreign
) AS part
LEFT ANY JOIN
(
    SELECT cityHash64(category) AS number, category
    FROM footpath.live_product
) AS named ON named.number = part.number
GROUP BY person_id
HAVING sum(part.sales) > 0
