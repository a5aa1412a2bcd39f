-- Grain:      one row, always
-- Sources:    brand_configured
-- Definition: the brand's own item as it was applied last; the built-in touch types, no currency and no channel
--             grouping before any brand was applied.
-- Example:    SELECT touch_types, channels FROM live_brand

CREATE OR REPLACE VIEW footpath.live_brand AS
SELECT
    any(id) AS brand,
    any(JSONExtractString(body, 'about', 'currency')) AS currency,
    any(JSONExtractString(body, 'about', 'country')) AS country,
    if(
        count() = 0,
        ['scan', 'nfc_tap', 'ad_click', 'message_clicked', 'event_checkin', 'portal_login', 'page_view'],
        any(JSONExtract(body, 'about', 'touch_types', 'Array(String)'))
    ) AS touch_types,
    any(JSONExtract(
        body, 'about', 'channels', 'Array(Tuple(channel String, type String, placement String, campaign String))'
    )) AS channels
FROM
(
    SELECT
        id,
        argMax(body, _version) AS body
    FROM footpath.brand_configured
    WHERE kind = 'brand'
    GROUP BY id
    HAVING body != ''
    ORDER BY max(occurred_at) DESC, id
    LIMIT 1
)
