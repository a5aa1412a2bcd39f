-- Grain:      one product of the brand
-- Sources:    brand_configured
-- Definition: products as they were applied last, without those that were removed.
-- Example:    SELECT category, count() FROM live_product GROUP BY category

CREATE OR REPLACE VIEW footpath.live_product AS
SELECT
    id AS sku,
    JSONExtractString(argMax(body, _version) AS live, 'name') AS name,
    JSONExtractString(live, 'category') AS category
FROM footpath.brand_configured
WHERE kind = 'product'
GROUP BY id
HAVING live != ''
