-- Grain:      one path that ends within since <= ended_at < until
-- Sources:    attribution_path
-- Definition: attribution_path with the ages of its touches in hours before the end. A path without touches, which only
--             a sale ends, has one placeholder touch of type and label 0. For queries that aggregate by label and
--             translate only the result; path_in_window has the values themselves.
-- Example:    SELECT count() FROM attribution_path_in_window(by='channel', wanted=1, buyers_only=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution_path_in_window AS
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
FROM footpath.attribution_path(
    by = {by:String}, wanted = {wanted:UInt8}, buyers_only = {buyers_only:UInt8},
    lookback_days = {lookback_days:Int64}, since = {since:String}, until = {until:String}
) AS path
-- ClickHouse evaluates a scalar subquery before it reads any table.
WHERE NOT (
    SELECT throwIf(
        {by:String} NOT IN ('channel', 'campaign', 'placement', 'store', 'tag', 'campaign_placement'),
        'by must be channel, campaign, placement, store, tag or campaign_placement'
    )
)
