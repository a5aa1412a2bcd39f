-- Grain:     one combination of type, channel, campaign and placement, see 0025
-- Source:    table touchpoint_identified, what it had before the feed of 0026 was there
-- Dedup key: class, so rows that the feed wrote meanwhile may come twice
-- Retention: for ever

INSERT INTO footpath.touch_class
SELECT DISTINCT
    sipHash64(type, channel, campaign, placement) AS class,
    type,
    channel,
    campaign,
    placement
FROM footpath.touchpoint_identified;
