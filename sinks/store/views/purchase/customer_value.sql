-- Grain:      one current person with a sale that was not completely returned
-- Sources:    sale_products, live_product, live_brand
-- Definition: recency is last_bought_at; frequency is the number of sales with revenue left; value is the revenue of
--             all, net of returns, in the brand's currency, less what negative receipts paid out; other_value the same
--             in other currencies, by code. categories are those of the remaining products, highest amount first;
--             products that the brand's configuration does not have, or that have no category, are left out.
-- Example:    SELECT * FROM customer_value WHERE last_bought_at > now() - INTERVAL 90 DAY ORDER BY value DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.customer_value AS
SELECT
    person_id,
    minIf(part.first_at, part.sales > 0) AS first_bought_at,
    maxIf(part.last_at, part.sales > 0) AS last_bought_at,
    sum(part.paid_sales) AS frequency,
    sumIf(part.revenue, NOT part.is_other) AS value,
    sumMapIf(map(toString(part.other_currency), part.revenue), part.is_other AND part.sales > 0) AS other_value,
    arraySort(groupArrayIf((-part.spent, named.category), named.category != '' AND part.spent > 0)).2 AS categories
FROM
(
    -- Numbers stand for products and categories, and three bytes for the code of another currency than the brand's: they
    -- are cheaper keys than texts. The figures of a sale are beside the first of its products, so that they count once.
    SELECT
        person_id,
        product.number AS number,
        other_currency,
        other_currency != toFixedString('', 3) AS is_other,
        minIf(at, is_sale) AS first_at,
        maxIf(at, is_sale) AS last_at,
        countIf(nth = 1 AND is_sale) AS sales,
        countIf(nth = 1 AND net > 0) AS paid_sales,
        sumIf(net, nth = 1) AS revenue,
        sumIf(amount, amount > 0) AS spent
    FROM
    (
        WITH (SELECT currency FROM footpath.live_brand) AS own_currency
        SELECT
            person_id,
            sold.occurred_at AS at,
            toFixedString(if(own_currency IN ('', sold.currency), '', substring(sold.currency, 1, 3)), 3) AS other_currency,
            sold.revenue AS net,
            net != 0 AS is_sale,
            arrayMap(sku -> cityHash64(sku), sold.products.1) AS skus,
            sold.products.5 AS amounts,
            arrayEnumerate(skus) AS nths
        FROM footpath.sale_products AS sold
        WHERE person_id != toUUID('00000000-0000-0000-0000-000000000000')
    )
    ARRAY JOIN
        skus AS sku,
        amounts AS amount,
        nths AS nth
    LEFT ANY JOIN
    (
        SELECT cityHash64(sku) AS sku_number, cityHash64(category) AS number
        FROM footpath.live_product
    ) AS product ON product.sku_number = sku
    GROUP BY person_id, number, other_currency
) AS part
LEFT ANY JOIN
(
    SELECT DISTINCT cityHash64(category) AS number, category
    FROM footpath.live_product
) AS named ON named.number = part.number
GROUP BY person_id
HAVING sum(part.sales) > 0
