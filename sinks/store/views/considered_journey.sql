-- Grain:      one path that ends within since <= ended_at < until
-- Sources:    journey
-- Definition: journey with the ages of its touches in hours before the end. A path without any, which only a sale ends,
--             has one made-up touch of type and label 0. For those who sum by label and name the sums; considered_path
--             has names.
-- Example:    SELECT count() FROM considered_journey(by='channel', wanted=1, buyers_only=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.considered_journey AS
SELECT
    person_id,
    converted,
    ended_at,
    revenue,
    if(
        empty(path.labels), [0.],
        arrayMap(time -> dateDiff('microsecond', time, ended_at) / 3.6e9, touched_at)
    ) AS ages_h,
    if(empty(path.labels), [toUInt64(0)], path.labels) AS labels,
    if(empty(path.labels), [toUInt8(0)], path.types) AS types,
    if(empty(path.labels), [toUInt8(0)], path.directs) AS directs
FROM footpath.journey(
    by = {by:String}, wanted = {wanted:UInt8}, buyers_only = {buyers_only:UInt8},
    lookback_days = {lookback_days:UInt32}, since = {since:String}, until = {until:String}
) AS path
-- A scalar subquery is evaluated before anything is read.
WHERE NOT (
    SELECT throwIf(
        {by:String} NOT IN ('channel', 'campaign', 'placement', 'store', 'tag', 'campaign_placement'),
        'by must be channel, campaign, placement, store, tag or campaign_placement'
    )
)
