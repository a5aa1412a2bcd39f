-- Grain:     one combination of type, channel, campaign and placement in an inserted block
-- Source:    table touchpoint_identified
-- Dedup key: none of its own; a replayed record gives the same row of touch_class again
-- Retention: stores nothing
-- After:     touchpoints

CREATE MATERIALIZED VIEW IF NOT EXISTS footpath.touch_class_feed
TO footpath.touch_class
AS
SELECT DISTINCT
    sipHash64(type, channel, campaign, placement) AS class,
    type,
    channel,
    campaign,
    placement
FROM footpath.touchpoint_identified;
