-- Grain:      one use of a coupon that another till used, too
-- Sources:    coupon_use
-- Definition: first is the use that the coupon has: the earlier one by the tills' own clocks. Somebody offline gave the
--             discount twice; lost is what that cost.
-- Example:    SELECT store, sum(lost) FROM coupon_double GROUP BY store

CREATE OR REPLACE VIEW footpath.coupon_double AS
SELECT
    double.code AS code,
    double.pool AS pool,
    double.redemption_id AS redemption_id,
    double.used_at AS used_at,
    double.store AS store,
    double.source AS source,
    double.discount AS lost,
    double.currency AS currency,
    first.redemption_id AS first_redemption_id,
    first.used_at AS first_used_at,
    first.store AS first_store
FROM (SELECT * FROM footpath.coupon_use WHERE is_double) AS double
LEFT JOIN (SELECT * FROM footpath.coupon_use WHERE NOT is_double AND refused = '') AS first ON first.code = double.code
