-- Grain:      one value, in the dimension by, of the first touch in the physical world (offline touch) of a path
-- Sources:    path_in_window
-- Definition: conversions, and their revenue net of returns, by the first offline touch of their path, whatever online
--             touches came before or after it. Conversions without an offline touch are in no row, but in n, which
--             counts all conversions of the period. share is of n, with its 95 % interval (Wilson, Probable inference,
--             1927; conversions are taken as independent). Offline types are those of influence; by and the period
--             those of path_in_window.
-- Example:    SELECT * FROM first_offline_touch(by='placement', lookback_days=90, since='2026-01-01',
--             until='2027-01-01')

CREATE OR REPLACE VIEW footpath.first_offline_touch AS
WITH
    1.959963984540054 AS z,
    (k, n, side) -> greatest(0, least(1, (k / n + z * z / (2 * n) + side * z * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))) / (1 + z * z / n))) AS wilson
SELECT
    value,
    conversions,
    revenue,
    conversions / n AS share,
    wilson(conversions, n, -1) AS share_low,
    wilson(conversions, n, 1) AS share_high,
    n
FROM
(
    SELECT
        found > 0 AS is_offline,
        if(is_offline, steps[found], '') AS value,
        count() AS conversions,
        sum(path.revenue) AS revenue,
        sum(conversions) OVER () AS n
    FROM
    (
        SELECT
            steps,
            revenue,
            arrayFirstIndex(
                type -> type IN (
                    'beacon_sighting', 'coupon_redeemed', 'door_count', 'event_checkin', 'kiosk_used', 'nfc_tap',
                    'portal_login', 'receipt_shown', 'reservation_made', 'scan', 'shelf_pickup', 'shelf_putback',
                    'staff_note', 'store_entry', 'store_exit', 'wifi_association'
                ),
                types
            ) AS found
        FROM footpath.path_in_window(
            by = {by:String}, lookback_days = {lookback_days:Int64}, since = {since:String}, until = {until:String}
        )
        WHERE converted
    ) AS path
    GROUP BY is_offline, value
)
WHERE is_offline
ORDER BY conversions DESC, value
