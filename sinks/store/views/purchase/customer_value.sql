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
    sumIf(part.revenue, NOT part.is_foreign) AS value,
    sumMapIf(map(part.currency, part.revenue), part.is_foreign AND part.sales > 0) AS other_value,
    arraySort(
        (category, spent) -> (-spent, category),
        groupArrayIf(part.category, part.category != '' AND part.spent > 0),
        groupArrayIf(part.spent, part.category != '' AND part.spent > 0)
    ) AS categories
FROM
(
    SELECT
        *,
        position(label, char(31)) > 0 AS is_foreign,
        splitByChar('\x1F', label)[1] AS category,
        splitByChar('\x1F', label)[2] AS currency
    FROM
    (
        -- The figures of a sale are those of the first of its products, so that they count once.
        WITH
            (SELECT currency FROM footpath.live_brand) AS own_currency,
            nth = 1 AND sold.revenue != 0 AS is_sale
        SELECT
            person_id,
            -- One text is a cheaper key than two.
            if(
                own_currency IN ('', sold.currency),
                product.category,
                concat(product.category, '\x1F', sold.currency)
            ) AS label,
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
        LEFT ANY JOIN footpath.live_product AS product ON product.sku = line.1
        WHERE person_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY person_id, label
    )
) AS part
GROUP BY person_id
HAVING sum(part.sales) > 0
