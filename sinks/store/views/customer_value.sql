-- Grain:      one person of today who bought something that was not wholly returned
-- Sources:    sale, purchase
-- Definition: recency is last_bought_at; frequency is the number of sales with revenue left; value is their revenue, net
--             of returns. categories are those of what is left, most money first; products that the brand does not
--             know, or that have no category, are left out.
-- Example:    SELECT * FROM customer_value WHERE last_bought_at > now() - INTERVAL 90 DAY ORDER BY value DESC LIMIT 10

CREATE OR REPLACE VIEW footpath.customer_value AS
SELECT
    bought.person_id AS person_id,
    bought.first_bought_at AS first_bought_at,
    bought.last_bought_at AS last_bought_at,
    bought.frequency AS frequency,
    bought.value AS value,
    liked.categories AS categories
FROM
(
    SELECT
        person_id,
        min(occurred_at) AS first_bought_at,
        max(occurred_at) AS last_bought_at,
        count() AS frequency,
        sum(revenue) AS value
    FROM footpath.sale
    WHERE revenue > 0
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
        WHERE category != '' AND amount > 0
        GROUP BY person_id, category
    )
    GROUP BY person_id
) AS liked ON liked.person_id = bought.person_id
