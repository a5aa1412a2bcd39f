-- Grain:      one value, in the dimension by, of a touch in the physical world (an offline touch); and first one row * for
--             all of them; a value that is itself named * has a row of its own, after that
-- Sources:    path_in_window
-- Definition: the conversions that a place, a poster or a shelf took part in, and those of them that last-click
--             attributes to another value. A path counts once for each of its values. Present: an offline touch of the
--             value is in the path. Hidden: present, while the path's last touch has another value, so that last-click
--             attributes nothing to it; for row *: the last touch is not offline. paths are all, conversions those with
--             a sale, with their revenue net of returns. share and hidden_share are of all n conversions of the period,
--             each with its 95 % interval (Wilson, Probable inference, 1927; conversions are taken as independent).
--             Offline types are those of sensors and tills that are neither sale nor return (OFFLINE in
--             schemas/kinds.py). by and the period are those of path_in_window; ratios are null without conversions.
-- Example:    SELECT value, conversions, hidden_conversions, hidden_revenue, hidden_share, hidden_low, hidden_high, n
--             FROM influence(by='placement', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.influence AS
WITH
    1.959963984540054 AS z,
    (k, n, side) -> if(
        n = 0,
        NULL,
        greatest(0, least(1, (k / n + z * z / (2 * n) + side * z * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n))) / (1 + z * z / n)))
    ) AS wilson
SELECT
    value,
    paths,
    conversions,
    revenue,
    hidden_conversions,
    hidden_revenue,
    if(n = 0, NULL, conversions / n) AS share,
    wilson(conversions, n, -1) AS share_low,
    wilson(conversions, n, 1) AS share_high,
    if(n = 0, NULL, hidden_conversions / n) AS hidden_share,
    wilson(hidden_conversions, n, -1) AS hidden_low,
    wilson(hidden_conversions, n, 1) AS hidden_high,
    n
FROM
(
    SELECT
        part.1 AS value,
        part.2 AS is_total,
        part.4 AS is_whole,
        count() AS paths,
        countIf(converted) AS conversions,
        sumIf(seen.revenue, converted) AS revenue,
        countIf(converted AND part.3) AS hidden_conversions,
        sumIf(seen.revenue, converted AND part.3) AS hidden_revenue,
        max(if(is_total, conversions, 0)) OVER () AS n
    FROM
    (
        SELECT
            converted,
            path.revenue AS revenue,
            arrayMap(
                type -> type IN (
                    'beacon_sighting', 'coupon_redeemed', 'door_count', 'event_checkin', 'kiosk_used', 'nfc_tap',
                    'portal_login', 'receipt_shown', 'reservation_made', 'scan', 'shelf_pickup', 'shelf_putback',
                    'staff_note', 'store_entry', 'store_exit', 'wifi_association'
                ),
                types
            ) AS offline,
            arrayDistinct(arrayFilter((step, here) -> here, steps, offline)) AS found,
            -- Value, whether the row is the total of all paths, whether last-click attributes nothing to the value,
            -- whether the row is that of all values.
            arrayConcat(
                [('', true, false, false)],
                if(empty(found), [], [('*', false, NOT offline[-1], true)]),
                arrayMap(one -> (one, false, one != steps[-1], false), found)
            ) AS parts
        FROM footpath.path_in_window(
            by = {by:String}, lookback_days = {lookback_days:Int64}, since = {since:String}, until = {until:String}
        ) AS path
    ) AS seen
    ARRAY JOIN parts AS part
    GROUP BY value, is_total, is_whole
)
WHERE NOT is_total
ORDER BY NOT is_whole, conversions DESC, value
