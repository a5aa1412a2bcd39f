-- Grain:      one combination of type, channel, campaign and placement that events have had
-- Sources:    touch_class, live_brand
-- Definition: channel and is_touch are those that view touchpoint gives such events, by the current brand
--             configuration.
-- Example:    SELECT channel, groupArray(type) FROM live_class WHERE is_touch GROUP BY channel

CREATE OR REPLACE VIEW footpath.live_class AS
-- One scalar query: ClickHouse runs each while it plans, in every view that reads this one.
WITH (SELECT (touch_types, channels) FROM footpath.live_brand) AS live
SELECT
    class,
    type,
    campaign,
    placement,
    if(
        own_channel != '',
        own_channel,
        coalesce(
            nullIf(
                arrayFirst(
                    line -> line.type IN ('', type)
                        AND line.placement IN ('', placement) AND line.campaign IN ('', campaign),
                    live.2
                ).channel,
                ''
            ),
            type
        )
    ) AS channel,
    type != 'return'
        AND if(
            type = 'sale', own_channel != '',
            has(live.1, type) AND (type != 'page_view' OR campaign != '')
        ) AS is_touch
FROM
(
    SELECT
        class,
        toString(type) AS type,
        toString(channel) AS own_channel,
        toString(campaign) AS campaign,
        toString(placement) AS placement
    FROM footpath.touch_class FINAL
)
