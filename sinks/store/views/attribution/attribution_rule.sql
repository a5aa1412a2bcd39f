-- Grain:      one value of a dimension
-- Sources:    attribution_path, touch_label
-- Definition: the rule-based models that attribution_by defines. wanted = 0 reads nothing.
-- Example:    SELECT * FROM attribution_rule(by='campaign', model='linear', wanted=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution_rule AS
WITH
    length(labels) AS n,
    arrayLastIndex(is_direct -> NOT is_direct, directs) AS non_direct,
    -- ClickHouse computes one branch of an if with a constant condition, but all branches of a multiIf.
    if({model:String} = 'first', arrayMap(i -> toFloat64(i = 1), arrayEnumerate(labels)),
    if({model:String} = 'last', arrayMap(i -> toFloat64(i = n), arrayEnumerate(labels)),
    if({model:String} = 'last_non_direct',
        arrayMap(i -> toFloat64(i = if(non_direct = 0, n, non_direct)), arrayEnumerate(labels)),
    if({model:String} = 'linear', arrayMap(label -> 1., labels),
    -- Relative to the latest touch, so that the weights of old paths do not vanish.
    if({model:String} = 'time_decay', arrayMap(age -> exp2((ages_h[-1] - age) / 168), ages_h),
    arrayMap(i -> multiIf(n <= 2, 1., i IN (1, n), 0.4, 0.2 / (n - 2)), arrayEnumerate(labels))
    ))))) AS weights
SELECT
    multiIf(
        credit.label != 0, name.value,
        {by:String} = 'channel', 'direct',
        {by:String} = 'campaign_placement', char(31),
        ''
    ) AS value,
    sum(credit.conversions) AS conversions,
    -- To the nearest millionth.
    toDecimal128(sum(credit.revenue) + if(sum(credit.revenue) < 0, -5e-7, 5e-7), 6) AS revenue
FROM
(
    SELECT
        label,
        sum(weight / arraySum(weights)) AS conversions,
        sum(weight / arraySum(weights) * toFloat64(revenue)) AS revenue
    FROM
    (
        -- As in attribution_path_in_window: one level of views less is a tenth of a second less of planning.
        SELECT
            if(
                empty(path.labels), [0.],
                arrayMap(time -> dateDiff('microsecond', time, ended_at) / 3.6e9, touched_at)
            ) AS ages_h,
            if(empty(path.labels), [toUInt8(0)], path.directs) AS directs,
            if(empty(path.labels), [toUInt64(0)], path.labels) AS labels,
            revenue
        FROM footpath.attribution_path(
            by = {by:String}, wanted = {wanted:UInt8}, buyers_only = 1, lookback_days = {lookback_days:Int64},
            since = {since:String}, until = {until:String}
        ) AS path
        WHERE converted
    )
    ARRAY JOIN
        labels AS label,
        weights AS weight
    GROUP BY label
) AS credit
LEFT JOIN footpath.touch_label(by = {by:String}) AS name ON name.label = credit.label
-- ClickHouse evaluates a scalar subquery before it reads any table.
WHERE NOT (
    SELECT throwIf(
        {wanted:UInt8} AND {by:String} NOT IN ('channel', 'campaign', 'placement', 'store', 'tag', 'campaign_placement'),
        'by must be channel, campaign, placement, store, tag or campaign_placement'
    ) OR throwIf(
        {wanted:UInt8} AND {model:String} NOT IN ('first', 'last', 'last_non_direct', 'linear', 'time_decay', 'position'),
        'attribution_rule: model must be first, last, last_non_direct, linear, time_decay or position'
    )
)
GROUP BY value
