-- Grain:      one use of a coupon by a till: a redemption
-- Sources:    coupon_changed
-- Definition: is_double says that an offline till gave the discount although an earlier use has the coupon; refused says
--             why an offline till should not have given it. given_back_at is when the redemption was released or refunded,
--             zero (1970) while it stands. What shoppers saved is the sum of discount of all that was not given back.
-- Example:    SELECT pool, sum(discount) FROM coupon_use WHERE given_back_at = 0 GROUP BY pool

CREATE OR REPLACE VIEW footpath.coupon_use AS
SELECT
    code,
    redemption_id,
    any(pool) AS pool,
    minIf(occurred_at, state = 'redeemed' OR startsWith(reason, 'offline_')) AS used_at,
    any(store) AS store,
    any(source) AS source,
    any(sale_event_id) AS sale_event_id,
    any(sale_namespace) AS sale_namespace,
    argMax(discount, version) AS discount,
    any(currency) AS currency,
    countIf(reason = 'double_redemption') > 0 AS is_double,
    anyIf(substring(reason, 9), startsWith(reason, 'offline_')) AS refused,
    maxIf(occurred_at, state IN ('released', 'void')) AS given_back_at
FROM footpath.coupon_changed FINAL
WHERE redemption_id != '' AND reason != 'too_late'
GROUP BY code, redemption_id
HAVING countIf(state = 'redeemed' OR startsWith(reason, 'offline_')) > 0
