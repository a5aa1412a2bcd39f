-- Grain:      one current person with a sale that was not completely returned
-- Sources:    sale, purchase, live_brand
-- Definition: recency is last_bought_at; frequency is the number of sales with revenue left; value is the revenue of all,
--             net of returns, in the brand's currency, less what negative receipts paid out; other_value the same in
--             other currencies, by code. categories are those of the remaining products, highest amount first; products
--             that the brand's configuration does not have, or that have no category, are left out.
-- Example:    SELECT * FROM customer_value WHERE last_bought_at > now() - INTERVAL 90 DAY ORDER BY value DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.customer_value AS
SELECT
    bought.person_id AS person_id,
    bought.first_bought_at AS first_bought_at,
    bought.last_bought_at AS last_bought_at,
    bought.frequency AS frequency,
    bought.value AS value,
    bought.other_value AS other_value,
    liked.categories AS categories
FROM
(
    WITH (SELECT currency FROM footpath.live_brand) AS own_currency
    SELECT
        person_id,
        min(occurred_at) AS first_bought_at,
        max(occurred_at) AS last_bought_at,
        countIf(sold.revenue > 0) AS frequency,
        sumIf(sold.revenue, own_currency IN ('', sold.currency)) AS value,
        sumMapIf(map(sold.currency, sold.revenue), own_currency NOT IN ('', sold.currency)) AS other_value
    FROM footpath.sale AS sold
    WHERE sold.revenue != 0 AND person_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY person_id
) AS bought
LEFT JOIN
(
    SELECT
        person_id,
        arrayMap(one -> one.2, arraySort(groupArray((-spent, category)))) AS categories
    FROM
    (
        SELECT
            person_id,
            category,
            sum(amount) AS spent
        FROM footpath.purchase
        WHERE category != '' AND amount > 0 AND person_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY person_id, category
    )
    GROUP BY person_id
) AS liked ON liked.person_id = bought.person_id
