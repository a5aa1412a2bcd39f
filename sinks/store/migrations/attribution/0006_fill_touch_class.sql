-- Grain:     one combination of type, channel, campaign and placement that events have had
-- Source:    table touchpoint_identified, rows inserted before touch_class_feed existed
-- Dedup key: class; rows that the feed has written too are the same rows
-- Retention: unlimited
-- After:     touchpoints
--
-- The sink may insert rows between the creation of touchpoint_identified and that of the feed; this statement adds them.

INSERT INTO footpath.touch_class
SELECT DISTINCT
    sipHash64(type, channel, campaign, placement) AS class,
    type,
    channel,
    campaign,
    placement
FROM footpath.touchpoint_identified;
